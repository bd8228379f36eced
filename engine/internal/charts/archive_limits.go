package charts

import (
	"io"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// What an archive may hold, those inside it (charts/*.tgz) counted in. The sum
// is Helm's own; Helm has no limit on one file any more.
const (
	mostUnpacked = 100 << 20
	mostFiles    = 10_000
	mostNested   = 8
	longestPath  = 1024
	// No honest text shrinks to less than a hundredth; what is small may.
	highestRatio = 100
	ratioCounts  = 4 << 20
)

// budget is what is left to read: one for an archive and all inside it.
type budget struct {
	size   int64
	files  int
	nested int
}

// take counts a file in before it is read.
func (b *budget) take(name string, size int64) error {
	if b.files++; b.files > mostFiles {
		return tooLarge("it has more than %d entries: leave out what the chart does not need", mostFiles)
	}
	if b.size += size; size < 0 || b.size > mostUnpacked {
		return tooLarge("unpacked it is larger than %d MiB, which entry %q passes: "+
			"leave out what the chart does not need", mostUnpacked>>20, name)
	}
	return nil
}

func tooLarge(format string, values ...any) error {
	return failure.New(pb.Failure_TOO_LARGE, format, values...)
}

// inflating ends where more comes out of an archive than can be honest.
type inflating struct {
	from         io.Reader
	packed, read int64
}

func (i *inflating) Read(into []byte) (int, error) {
	count, err := i.from.Read(into)
	i.read += int64(count)
	if refused := i.check(0); refused != nil {
		return count, refused
	}
	return count, err
}

// check refuses what is to come before it is there.
func (i *inflating) check(more int64) error {
	switch read := i.read + more; {
	case read > ratioCounts && read/highestRatio > i.packed:
		return tooLarge("it unpacks to more than %d times its size, as no honest chart does", highestRatio)
	case read > mostUnpacked+mostFiles*4*1024:
		return tooLarge("unpacked it is larger than %d MiB", mostUnpacked>>20)
	}
	return nil
}
