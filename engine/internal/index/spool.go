package index

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
)

// spool is a file to be. What the disk does not take stays in memory.
type spool struct {
	file   *os.File
	memory []byte
	size   int64
}

// newSpool begins a file in a folder; where there is none, one without a name,
// of which nothing is left however we end.
func newSpool(folder string) *spool {
	if folder != "" {
		if file, err := os.CreateTemp(folder, "incoming-*"); err == nil {
			return &spool{file: file}
		}
	}
	file, err := os.CreateTemp("", "helmward-index-*")
	if err != nil {
		return &spool{}
	}
	if os.Remove(file.Name()) != nil {
		_ = file.Close()
		return &spool{}
	}
	return &spool{file: file}
}

func (s *spool) Write(more []byte) (int, error) {
	if s.file != nil {
		if _, err := s.file.WriteAt(more, s.size); err == nil {
			s.size += int64(len(more))
			return len(more), nil
		}
		if err := s.toMemory(); err != nil {
			return 0, err
		}
	}
	s.memory = append(s.memory, more...)
	s.size += int64(len(more))
	return len(more), nil
}

func (s *spool) toMemory() error {
	s.memory = make([]byte, s.size)
	if _, err := io.ReadFull(io.NewSectionReader(s.file, 0, s.size), s.memory); err != nil {
		return err
	}
	s.drop()
	return nil
}

// reset forgets what was written.
func (s *spool) reset() { s.memory, s.size = nil, 0 }

// drop gives up the file.
func (s *spool) drop() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
}

// finish gives what was written, and the file its name; it tells whether that
// worked.
func (s *spool) finish(path string) (io.ReaderAt, bool, error) {
	if s.file == nil {
		return bytes.NewReader(s.memory), false, nil
	}
	named := path != "" && filepath.Dir(s.file.Name()) == filepath.Dir(path)
	err := s.file.Truncate(s.size)
	if err == nil && named {
		err = s.file.Sync()
	}
	if err != nil {
		if err := s.toMemory(); err != nil {
			return nil, false, err
		}
		return bytes.NewReader(s.memory), false, nil
	}
	if named && os.Rename(s.file.Name(), path) != nil {
		_ = os.Remove(s.file.Name())
		named = false
	}
	return s.file, named, nil
}
