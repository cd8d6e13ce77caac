package epmd

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// KeeperConfig says what Keep is to keep registered, and where. The zero value of every field but Node works.
type KeeperConfig struct {
	Mode Mode

	// Port is epmd's port, to ask and to serve on; 0 is DefaultPort. ERL_EPMD_PORT is the caller's business.
	Port int

	// Addresses is what to serve on, in modes Auto and Embedded; see Listen. Empty is loopback, where other hosts cannot
	// ask; set "0.0.0.0" and "::" to be found by them. If there are loopback addresses among them, the keeper registers
	// there, else on 127.0.0.1 or ::1.
	Addresses []string

	// Node is who to register. In mode None it is not used.
	Node Node

	// Retry is the longest pause between two attempts to register again; 0 is 2 s. The first is at once, and the pauses
	// grow from 0.1 s.
	Retry time.Duration

	// Timeout bounds one request to epmd; 0 is 5 s.
	Timeout time.Duration

	// Dial makes the connections to epmd; nil is a net.Dialer's DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Logger gets a record when the registration is lost and won again. Nil is silent.
	Logger *slog.Logger

	listen func(ctx context.Context, addresses []string, port int) ([]net.Listener, error) // nil is Listen
}

// Keeper keeps a node registered until Close. Any goroutine may call its methods.
//
// When the connection to epmd is lost, because epmd ended or the node that served in its place did, the keeper registers
// again, with whoever has the port by then. In mode Auto it takes the port itself if nobody has it. Of several keepers on
// a host one gets the port, and the others register with it. So names are back in about a second, those of BEAM nodes in
// two, which is the pause they make.
type Keeper struct {
	cfg      KeeperConfig
	client   Client
	log      *slog.Logger
	hosts    []string
	creation uint32

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex // guards status
	status Status
}

// Status is what a Keeper is doing.
type Status struct {
	Registered bool  // the name is in epmd
	Serving    bool  // the keeper serves in epmd's place
	Err        error // why the name is not registered: the last attempt; nil if it is, and in mode None
}

// Keep registers a node and returns when it is registered. The context bounds this only: the registration stays until
// Close. In mode None it does nothing but choose a creation.
//
// The error is a *TakenError if another node on this host has the name, else an *Error: in mode External with
// ReasonNoServer if no epmd runs, in mode Embedded with ReasonListen if the port is in use.
func Keep(ctx context.Context, cfg KeeperConfig) (*Keeper, error) {
	k := &Keeper{cfg: cfg, log: orSilent(cfg.Logger), hosts: ownHosts(cfg.Addresses)}
	k.client = Client{Port: cfg.Port, Timeout: cfg.Timeout, Dial: cfg.Dial}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	if cfg.Mode == None {
		k.creation = randomCreation()
		return k, nil
	}
	reg, err := k.begin(ctx)
	if err != nil {
		k.Close()
		return nil, err
	}
	k.creation = reg.Creation()
	k.setRegistered()
	k.wg.Go(func() { k.run(reg) }) // ended by Close
	return k, nil
}

// Creation returns the creation of this incarnation of the node: that of the first registration, whatever later ones
// give, as OTP has it; in mode None a random one of at least 4.
func (k *Keeper) Creation() uint32 { return k.creation }

// Status returns what the keeper is doing now.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

// Close gives the name up, and the port if the keeper serves, and waits for its goroutines. It returns nil.
func (k *Keeper) Close() error {
	k.cancel()
	k.wg.Wait()
	k.update(func(s *Status) { s.Registered = false })
	return nil
}

// setRegistered notes that the name is in epmd.
func (k *Keeper) setRegistered() {
	k.update(func(s *Status) { s.Registered, s.Err = true, nil })
}

func (k *Keeper) update(change func(*Status)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.status)
}

// randomCreation returns a creation for a node that no epmd gives one: at least 4, as 0 is reserved and 1 to 3 are those
// of old nodes.
func randomCreation() uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return max(binary.BigEndian.Uint32(b[:]), minCreation)
}

// failedBecause reports whether err is an *Error for that reason.
func failedBecause(err error, reason Reason) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reason
}
