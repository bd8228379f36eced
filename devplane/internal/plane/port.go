package plane

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// reservation holds a port of 127.0.0.1 by a socket that is bound but never
// listens. The API server binds the same port beside it (--permit-port-sharing),
// so nobody can snatch it between choosing and using, nor while the API server
// is away for a restart; connections are refused meanwhile, as they should.
type reservation struct {
	fd   int
	port int
}

// reserve takes the port asked for, or with 0 the earlier one, or any free one.
func reserve(port, earlier int) (*reservation, error) {
	if port != 0 {
		return bind(port)
	}
	if earlier != 0 {
		if held, err := bind(earlier); err == nil {
			return held, nil
		}
	}
	return bind(0)
}

func bind(port int) (*reservation, error) {
	// Others may already listen there with SO_REUSEPORT set, and would share it.
	if port != 0 {
		probe, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return nil, explainBind(port, err)
		}
		probe.Close()
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	bound, err := bindShared(fd, port)
	if err != nil {
		unix.Close(fd)
		return nil, explainBind(port, err)
	}
	return &reservation{fd: fd, port: bound}, nil
}

func bindShared(fd, port int) (int, error) {
	// Not SO_REUSEADDR: with it whoever sets it too could bind here, since this
	// socket does not listen.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	return name.(*unix.SockaddrInet4).Port, nil
}

func explainBind(port int, err error) error {
	if errors.Is(err, unix.EADDRINUSE) {
		return fmt.Errorf("port %d is in use", port)
	}
	return fmt.Errorf("reserving port %d: %w", port, err)
}

func (r *reservation) release() { unix.Close(r.fd) }
