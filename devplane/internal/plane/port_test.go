package plane

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func reserved(t *testing.T, port, earlier int) *reservation {
	t.Helper()
	held, err := reserve(port, earlier)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.release)
	return held
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// listenShared listens as the API server does with --permit-port-sharing.
func listenShared(port int) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		_ = raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
		return err
	}}
	return config.Listen(context.Background(), "tcp4", address(port))
}

// While the API server is away for a restart its port must not go to another.
func TestAReservedPortIsClosedToOthers(t *testing.T) {
	held := reserved(t, 0, 0)
	if listener, err := net.Listen("tcp4", address(held.port)); err == nil {
		listener.Close()
		t.Error("somebody else could listen")
	}
	if again, err := reserve(held.port, 0); err == nil {
		again.release()
		t.Error("it could be reserved twice")
	}
	if connection, err := net.Dial("tcp4", address(held.port)); err == nil {
		connection.Close()
		t.Error("a connection was accepted while nobody serves")
	}
}

func TestTheAPIServerMayUseTheReservedPort(t *testing.T) {
	held := reserved(t, 0, 0)
	for range 2 { // and again after a restart
		listener, err := listenShared(held.port)
		if err != nil {
			t.Fatal(err)
		}
		connection, err := net.Dial("tcp4", address(held.port))
		if err != nil {
			t.Fatal(err)
		}
		connection.Close()
		listener.Close()
	}
}

func TestTheEarlierPortIsPreferredIfItIsFree(t *testing.T) {
	first, err := reserve(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	first.release()
	second := reserved(t, 0, first.port)
	if second.port != first.port {
		t.Errorf("port %d, earlier %d", second.port, first.port)
	}
	if third := reserved(t, 0, first.port); third.port == first.port {
		t.Error("two reservations of one port")
	}
}
