package plane

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is one component that runs as a child.
type process struct {
	name    string
	log     string
	command *exec.Cmd
	done    chan struct{} // closed when it has ended
	wanted  bool          // its end was ordered; set before the order, by the one owner
}

// start runs this same binary as the named component inside the folder.
func start(home *folder, name string, arguments []string) (*process, error) {
	log, err := os.OpenFile(home.log(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command("/proc/self/exe", append([]string{name}, arguments...)...)
	command.Args[0] = "devplane"
	command.Dir = home.path
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL, // even if we are killed ourselves
		Setpgid:   true,            // Ctrl-C is for us, we tell the children
	}
	if err := onImmortalThread(command.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	child := &process{name: name, log: home.log(name), command: command, done: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(child.done)
	}()
	return child, nil
}

var threadWork = make(chan func())

func init() {
	go func() {
		runtime.LockOSThread()
		for work := range threadWork {
			work()
		}
	}()
}

// onImmortalThread calls f on a thread that lives as long as the process: a
// parent-death signal comes when the thread that forked dies.
func onImmortalThread(f func() error) error {
	result := make(chan error)
	threadWork <- func() { result <- f() }
	return <-result
}

func (p *process) signal(which syscall.Signal) { _ = p.command.Process.Signal(which) }

// kill ends a component that keeps nothing of its own; etcd is not one.
func (p *process) kill() {
	p.wanted = true
	p.signal(syscall.SIGKILL)
	<-p.done
}

// terminate lets a component finish, but not for ever.
func (p *process) terminate(patience time.Duration) {
	p.wanted = true
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.kill()
	}
}

// obituary tells how an unexpected end came, with the last lines of the log.
func (p *process) obituary() error {
	return fmt.Errorf("%s died (%s); the end of %s:\n%s",
		p.name, p.command.ProcessState, p.log, tail(p.log, 20))
}

// tail returns the last lines of a log, indented.
func tail(path string, lines int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "    " + err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return "    " + strings.Join(all, "\n    ")
}
