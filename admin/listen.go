package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// listen opens one of Config.Listen.
func listen(spec string, cfg Config) (net.Listener, error) {
	ln, err := open(spec, cfg.SocketMode)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP on %q: %w", spec, err)
	}
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		cfg.Logger.Warn("anybody who can reach this address may ask for members and metrics", "address", ln.Addr().String())
	}
	return &limited{Listener: ln, slots: make(chan struct{}, cfg.MaxConns), closed: make(chan struct{})}, nil
}

// CheckListen says what is wrong with one of Config.Listen, as far as that can be told without trying.
func CheckListen(spec string) error {
	_, _, err := address(spec)
	return err
}

// address reads one of Config.Listen.
func address(spec string) (network, addr string, err error) {
	if path, ok := strings.CutPrefix(spec, "unix:"); ok {
		if path == "" {
			return "", "", errors.New("want unix:PATH")
		}
		return "unix", path, nil
	}
	if _, err := strconv.ParseUint(spec, 10, 16); err == nil {
		return "tcp", net.JoinHostPort("127.0.0.1", spec), nil
	}
	if _, port, err := net.SplitHostPort(spec); err != nil || port == "" {
		return "", "", errors.New("want a port, host:port or unix:PATH")
	}
	return "tcp", spec, nil
}

func open(spec string, mode fs.FileMode) (net.Listener, error) {
	network, addr, err := address(spec)
	switch {
	case err != nil:
		return nil, err
	case network == "unix":
		return openSocket(addr, mode)
	}
	return net.Listen(network, addr)
}

// openSocket listens on a unix socket. What a process that has died left there is replaced. The socket is made in a folder
// of its own and moved when its permissions are right, so that nobody can connect before.
func openSocket(path string, mode fs.FileMode) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != fs.ModeSocket {
			return nil, errors.New("there is something else of that name")
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, errors.New("another process answers there")
		} else if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("somebody may be there: %w", err)
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".g")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, mode), os.Rename(made, path)); err != nil {
		ln.Close()
		return nil, err
	}
	return &socket{ln, path}, nil
}

// socket removes its file when it is closed, and has its name.
type socket struct {
	*net.UnixListener
	path string
}

func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

func (s *socket) Close() error {
	_ = os.Remove(s.path)
	return s.UnixListener.Close()
}

// limited takes so many connections at once.
type limited struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept waits until there is a slot.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slot{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type slot struct {
	net.Conn
	free func()
}

// Close implements net.Conn.
func (c *slot) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// guarded refuses what a web page could have a browser on this host ask: a request over the loopback interface that is for
// another name. And it says to browsers that answers are what they say they are.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		if local != nil && local.IP.IsLoopback() && !loopbackName(r.Host) {
			writeText(w, http.StatusMisdirectedRequest, "ask for localhost or an address; this is not "+strconv.Quote(r.Host)+"\n")
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// loopbackName reports whether a Host header is an address or localhost.
func loopbackName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "" || strings.EqualFold(host, "localhost")
}
