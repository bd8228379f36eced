package plane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// folder is where one plane keeps everything; one run at a time owns it.
type folder struct {
	path string
	lock *os.File
}

func openFolder(path string) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(path, "logs"), 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("another plane runs in %s", path)
	}
	return &folder{path, lock}, err
}

func (f *folder) join(name string) string { return filepath.Join(f.path, name) }

func (f *folder) log(component string) string {
	return f.join(filepath.Join("logs", component+".log"))
}

// earlierPort is the port of the run before, or 0.
func (f *folder) earlierPort() int {
	text, err := os.ReadFile(f.join("port"))
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return port
}

func (f *folder) rememberPort(port int) error {
	return os.WriteFile(f.join("port"), []byte(strconv.Itoa(port)+"\n"), 0o600)
}

func (f *folder) close() { f.lock.Close() }
