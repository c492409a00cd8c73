package simulator

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// kmsService stands where the KMS host's key management service listens. It speaks no
// KMS: it takes connections, notes how much was said over them, and answers nothing.
type kmsService struct {
	received func(bytes int64)
}

// Bounds of one connection: whoever wants to know whether the port is open closes it at once.
const (
	kmsPatience = 2 * time.Second
	kmsMostSaid = 1 << 10
)

// listenKMS opens the KMS host's port: the one that the scenario names, else a free one,
// since several sites may run on one machine.
func listenKMS(ctx context.Context, ip net.IP, number int) (net.Listener, int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(ip.String(), strconv.Itoa(number)))
	if err != nil {
		return nil, 0, fmt.Errorf("listening at the KMS port: %w", err)
	}
	if bound, ok := l.Addr().(*net.TCPAddr); ok {
		number = bound.Port
	}
	return l, number, nil
}

// Serve takes connections until the listener is closed, and ends those that are left.
func (k *kmsService) Serve(l net.Listener) error {
	var connections sync.WaitGroup
	defer connections.Wait()
	serving, end := context.WithCancel(context.Background()) //nolint:forbidigo // a port is open as long as its listener
	defer end()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		connections.Go(func() { k.hear(serving, conn) })
	}
}

func (k *kmsService) hear(serving context.Context, conn net.Conn) {
	defer context.AfterFunc(serving, func() { _ = conn.Close() })() // nothing to be saved
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(kmsPatience))                 // without one it waits until the port closes
	said, _ := io.Copy(io.Discard, io.LimitReader(conn, kmsMostSaid)) // ends as it likes
	k.received(said)
}

// Restart and Close have nothing to do: connections end with their listener.
func (k *kmsService) Restart() {}

// Close is Restart.
func (k *kmsService) Close() {}
