// Package parent ends what was started for somebody once he is gone.
package parent

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// died is the signal we ask the kernel for; any that nobody sends by hand.
const died = syscall.SIGPWR

// Watch calls orphaned when the parent process is gone. The kernel's signal
// comes already when the one thread of it that started us ends, hence the look.
func Watch(orphaned func()) error {
	parent := os.Getppid()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, died)
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(died), 0, 0, 0); err != nil {
		return fmt.Errorf("--die-with-parent: %w", err)
	}
	go func() {
		for os.Getppid() == parent {
			<-signals
		}
		orphaned()
	}()
	return nil
}
