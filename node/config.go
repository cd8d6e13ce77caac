package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonode/dist"
	"gonode/epmd"
	"gonode/strategy"
)

// Config says what a node is called, who may connect to it and where it looks for others. The zero value works: a
// visible node gonode@127.0.0.1 on the loopback interface with the user's Erlang cookie.
type Config struct {
	// Name is the full node name, alive@host. Empty means gonode@127.0.0.1. A host with a dot or an IP address makes a
	// long name (erl -name), one without a short name (erl -sname); the two kinds do not connect to each other.
	Name string

	// Cookie is the secret that both sides of a connection must know. Empty means the content of ~/.erlang.cookie, as
	// with erl; if there is none, a random one, with which nobody else can connect. It is never logged.
	Cookie string

	// Cookies overrides Cookie for single peers, by node name, for both directions (erlang:set_cookie/2).
	Cookies map[string]string

	// Hidden makes a hidden node (erl -hidden): not in nodes() of others, and left alone by global, pg and the like.
	Hidden bool

	// Listen is where others reach the node: "host:port", "host:first-last" for the first free port of a range, with an
	// empty host for all interfaces. Empty means a free port on the address that Name's host stands for: the loopback
	// interface if that is a loopback address, all interfaces if it is a host name that resolves to more.
	Listen string

	// EPMD says how the node's port becomes known; see epmd.Mode. The zero value uses the epmd that runs on this host
	// and serves itself if there is none.
	EPMD epmd.Mode

	// EPMDPort is the port of epmd here and on other hosts. 0 means $ERL_EPMD_PORT, or 4369.
	EPMDPort int

	// EPMDAddresses are the addresses an embedded epmd listens on; empty means the loopback interface only.
	EPMDAddresses []string

	// Resolve, if set, finds the "host:port" of a peer instead of epmd, unless a topology knows it. With epmd.None and no
	// Resolve every peer is expected on the port we listen on ourselves, as with erl -erl_epmd_port.
	Resolve Resolver

	// Topologies are the sources of nodes that ought to be connected, each with a name for logs and status. Nodes they name
	// are dialled, and dialled again when they are lost, for as long as one of them names them.
	Topologies []strategy.Source

	// Strategies are more of them, which are called what they are: see strategy.Sources.
	Strategies []strategy.Strategy

	// Prune says what happens to a connected node that no topology names any more. The zero value is strategy.PruneNever: a
	// link that works stays. Nodes that connected to us, that the application connected or sent to, and those that only
	// other members have told of always stay.
	Prune strategy.Prune

	// MinMembers is how many nodes, this one not counted, make a cluster: Ready says so, pruning stops there, and Start may
	// wait for it. 0 means that there is no such number.
	MinMembers int

	// Wait is for how long Start waits at most: for MinMembers, or if that is 0 until the first discovery is over, which is
	// when each topology has answered or failed and each node it names was tried. When the time is over the node is started
	// all the same. 0 means that Start does not wait, negative that only its context ends the wait.
	Wait time.Duration

	// Engine has limits and times for all topologies: dials at once, back-off, when an answer is suspect.
	Engine strategy.Knobs

	// MeshInterval is how often the node asks one of its peers for nodes(), to find members that nobody told it of, and
	// connect to them. 0 means 5 s for a visible node and never for a hidden one; negative means never.
	MeshInterval time.Duration

	// EventNames are the registered names under which Erlang processes subscribe to events; nil means
	// 'Elixir.Cluster.Events' and cluster_events, an empty slice none.
	EventNames []string

	// TickTime is after how long without a byte a peer counts as gone (net_ticktime); give it the value of the cluster.
	// 0 means 60 s.
	TickTime time.Duration

	// SetupTime bounds every step of connecting: the look-up, the TCP connection, each packet of the handshake
	// (net_setuptime). 0 means 7 s.
	SetupTime time.Duration

	// SendLimit is how many bytes may wait for one peer before senders to it wait (+zdbbl). 0 means 1 MiB.
	SendLimit int

	// MaxFrame is the largest message accepted, in bytes. 0 means 128 MiB.
	MaxFrame int

	// MaxHandshakes is how many connections may be in their handshake at once; one more closes the oldest. 0 means 512.
	MaxHandshakes int

	// Permissions say which nodes may call which exported functions. Nil lets every node call all of them; empty none.
	Permissions []Permission

	// MaxCalls is how many calls of exported functions may run at once; one more is refused with system_limit. 0 means
	// 10000.
	MaxCalls int

	// MaxRelations is how many monitors and links the processes of one peer may have on those of this node, and how many of
	// their calls may wait for an answer. One more ends at once with system_limit, and Stats counts it. 0 means 1048576.
	MaxRelations int

	// Flags are the distribution flags to offer; 0 means all that is implemented. Hidden clears dist.FlagPublished.
	Flags dist.Flags

	// Logger gets what the node and its processes have to say; nil means silence.
	Logger *slog.Logger
}

// Resolver finds where a peer listens: "host:port" for the node called name.
type Resolver func(ctx context.Context, name string) (string, error)

// ResolveEPMD returns a Resolver that asks the epmd of the peer's host. It is what a node does unless Config says
// otherwise; use it for one that is not registered itself (epmd.None) but wants to find those that are.
func ResolveEPMD(client epmd.Client) Resolver {
	return func(ctx context.Context, name string) (string, error) {
		alive, host, err := dist.ParseName(name)
		if err != nil {
			return "", err
		}
		found, err := client.Lookup(ctx, host, alive)
		if err != nil {
			return "", err
		}
		return net.JoinHostPort(host, strconv.Itoa(int(found.Port))), nil
	}
}

// The defaults of Config.
const (
	DefaultName          = "gonode@127.0.0.1"
	DefaultTickTime      = 60 * time.Second
	DefaultSetupTime     = 7 * time.Second
	DefaultMeshInterval  = 5 * time.Second
	DefaultMaxHandshakes = 512
	DefaultMaxCalls      = 10_000
	DefaultMaxRelations  = 1 << 20
)

// defaultEventNames are libcluster 1.0's, and one that is easy to type in Erlang.
func defaultEventNames() []string { return []string{"Elixir.Cluster.Events", "cluster_events"} }

// complete checks c and fills in what is empty.
func (c Config) complete() (Config, error) {
	if c.Name == "" {
		c.Name = DefaultName
	}
	if _, _, err := dist.ParseName(c.Name); err != nil {
		return c, fmt.Errorf("node name: %w", err)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.EventNames == nil {
		c.EventNames = defaultEventNames()
	}
	if c.EPMDPort == 0 {
		port, err := epmdPort(os.Getenv("ERL_EPMD_PORT"))
		if err != nil {
			return c, err
		}
		c.EPMDPort = port
	}
	setDefault(&c.TickTime, DefaultTickTime)
	setDefault(&c.SetupTime, DefaultSetupTime)
	if !c.Hidden {
		setDefault(&c.MeshInterval, DefaultMeshInterval)
	}
	setDefault(&c.MaxHandshakes, DefaultMaxHandshakes)
	setDefault(&c.MaxCalls, DefaultMaxCalls)
	setDefault(&c.MaxRelations, DefaultMaxRelations)
	setDefault(&c.Flags, dist.Visible)
	if c.Hidden {
		c.Flags &^= dist.FlagPublished
	}
	for _, p := range c.Permissions {
		for _, pattern := range slices.Concat(p.Nodes, p.Functions) {
			if _, err := path.Match(pattern, ""); err != nil {
				return c, fmt.Errorf("permission pattern %q: %w", pattern, err)
			}
		}
	}
	return c.withCookie()
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func epmdPort(env string) (int, error) {
	if env == "" {
		return 4369, nil
	}
	port, err := strconv.Atoi(env)
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("ERL_EPMD_PORT is %q: want a port number, 1 to 65535", env)
	}
	return port, nil
}

// withCookie finds the cookie the way erl does, and checks what it can: characters up to 255, at most 255 of them.
func (c Config) withCookie() (Config, error) {
	if c.Cookie == "" {
		cookie, err := homeCookie()
		if err != nil {
			return c, err
		}
		if cookie == "" {
			cookie = rand.Text()
			c.Logger.Warn("no cookie given and no ~/.erlang.cookie: nobody can connect to this node")
		}
		c.Cookie = cookie
	}
	for _, r := range c.Cookie {
		if r > 255 {
			return c, errors.New("the cookie has a character above code point 255, which Erlang does not allow")
		}
	}
	if len([]rune(c.Cookie)) > 255 {
		return c, errors.New("the cookie is longer than 255 characters, which Erlang does not allow")
	}
	return c, nil
}

// homeCookie reads ~/.erlang.cookie; no file is no cookie.
func homeCookie() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", nil
	}
	path := filepath.Join(home, ".erlang.cookie")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cookie: %w: give a cookie, or make the file readable", err)
	}
	return strings.TrimRight(string(b), "\r\n \t"), nil
}
