package documents

import (
	"container/list"
	"sync"
	"time"

	"helmward.dev/engine/internal/fetch"
)

const (
	memoryBudget = 16 << 20
	diskBudget   = 128 << 20
)

// page is a document as it was last fetched.
type page struct {
	content    []byte
	validators fetch.Validators
	// asked is when its source last said that this is it.
	asked time.Time
}

// age is how long ago it was confirmed; a clock that was set back makes it old.
func (p *page) age() time.Duration {
	age := time.Since(p.asked)
	if age < 0 {
		return 1<<63 - 1
	}
	return age
}

// shelf keeps pages by name: those used last in memory, all of them on disk
// where a folder is given.
type shelf struct {
	disk disk

	mu     sync.Mutex
	pages  map[string]*list.Element
	recent *list.List
	size   int64
}

type shelved struct {
	name string
	page *page
}

func newShelf(folder string) *shelf {
	return &shelf{disk: newDisk(folder), pages: map[string]*list.Element{}, recent: list.New()}
}

// get gives a page, or nil.
func (s *shelf) get(name string) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, found := s.pages[name]; found {
		s.recent.MoveToFront(element)
		return element.Value.(*shelved).page
	}
	kept := s.disk.read(name)
	if kept != nil {
		s.remember(name, kept)
	}
	return kept
}

func (s *shelf) put(name string, fresh *page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember(name, fresh)
	s.disk.write(name, fresh)
}

// confirm notes that a page is still what its source says.
func (s *shelf) confirm(name string, known *page) *page {
	fresh := &page{content: known.content, validators: known.validators, asked: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember(name, fresh)
	s.disk.touch(name, fresh.asked)
	return fresh
}

func (s *shelf) remember(name string, one *page) {
	if element, found := s.pages[name]; found {
		s.drop(element)
	}
	s.pages[name] = s.recent.PushFront(&shelved{name, one})
	s.size += int64(len(one.content))
	for s.size > memoryBudget && s.recent.Len() > 1 {
		s.drop(s.recent.Back())
	}
}

func (s *shelf) drop(element *list.Element) {
	dropped := s.recent.Remove(element).(*shelved)
	delete(s.pages, dropped.name)
	s.size -= int64(len(dropped.page.content))
}
