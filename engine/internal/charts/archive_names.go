package charts

import (
	"archive/tar"
	"fmt"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func refused(name, why string) error {
	return failure.New(pb.Failure_CHART_INVALID,
		"entry %q of the archive %s: pack it anew with `helm package`", shortName(name), why)
}

func shortName(name string) string {
	if len(name) <= longestPath/4 {
		return name
	}
	return strings.ToValidUTF8(name[:longestPath/4], "") + "…"
}

// entryName is a file's path from the chart's folder; empty for what is no file
// and does no harm.
func entryName(header *tar.Header) (string, error) {
	switch header.Typeflag {
	case tar.TypeXGlobalHeader:
		return "", nil
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeSymlink, tar.TypeLink:
		return "", refused(header.Name, "is a link")
	default:
		return "", refused(header.Name, "is neither a file nor a folder")
	}
	folder, name, below := strings.Cut(strings.TrimSuffix(header.Name, "/"), "/")
	if folder == "." {
		folder = "chart" // Packed from inside; what the folder is called does not matter.
	}
	whole := folder
	if below {
		whole += "/" + name
	}
	why := unsafePath(whole)
	switch {
	case why != "":
		return "", refused(header.Name, why)
	case header.Typeflag == tar.TypeDir:
		return "", nil
	case !below:
		return "", refused(header.Name, "lies outside of the chart's folder")
	}
	return name, nil
}

// unsafePath says what is wrong with a path that must lead down; empty: nothing.
func unsafePath(name string) string {
	switch {
	case len(name) > longestPath:
		return fmt.Sprintf("has a path of more than %d bytes", longestPath)
	case strings.Contains(name, `\`):
		return "has a backslash in its path"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has a control character in its path"
	case strings.HasPrefix(name, "/"), strings.Contains(name, "//"):
		return "has an absolute path, or an empty part in it"
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "..":
			return "leads to a parent directory"
		case part == ".", part == "":
			return "has a part `.` in its path, or an empty one"
		case len(part) >= 2 && part[1] == ':' && isLetter(part[0]):
			return "has a drive letter in its path"
		}
	}
	return ""
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
