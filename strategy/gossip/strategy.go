package gossip

import (
	"log/slog"
	"net/netip"
	"time"

	"gonode/strategy"
)

// DefaultGroup is the multicast group of skycluster and of libcluster before 3.3, LibclusterGroup that of libcluster
// since. DefaultGroupIPv6 is ours, on the link; libcluster has none.
const (
	DefaultGroup     = "230.1.1.251"
	LibclusterGroup  = "233.252.1.32"
	DefaultGroupIPv6 = "ff12::676f:6e6f:6465"
)

// The defaults of Strategy.
const (
	DefaultPort     = 45892
	DefaultInterval = 5 * time.Second
	DefaultMaxNodes = 1024
	DefaultMaxRate  = 500
	DefaultMaxSkew  = 30 * time.Second
)

// Strategy wants the nodes it hears, and lets itself be heard. The zero value listens and says nothing, on all interfaces
// and in plain; set Self to be heard. Do not change it while it runs, and do not copy it.
type Strategy struct {
	// Self is the own node name. It is what heartbeats say; empty sends none.
	Self strategy.Name

	// Address is "host:port" or ":port" where the node listens, for those who understand the authenticated frame: they
	// dial without asking epmd. Without a host it is the one that packets come from. Empty leaves it to epmd.
	Address string

	// Port is the UDP port to listen on and to send to. 0 means 45892.
	Port int

	// Groups are the multicast groups to listen to and to send to, IPv4 and IPv6; several are for changing over from one
	// to the other. With BroadcastOnly they are the addresses to send to. Empty means DefaultGroup, or for BroadcastOnly
	// the broadcast addresses of the interfaces.
	Groups []netip.Addr

	// MulticastInterfaces are names or addresses of the interfaces to join on and to send on. Empty means all that are up,
	// know multicast and have an address; the loopback interface if there is no other.
	MulticastInterfaces []string

	// InterfaceAddress, unless it is zero or unspecified, is an address of the one interface to use: packets that come in
	// on others are dropped.
	InterfaceAddress netip.Addr

	// TTL is how many networks a multicast packet may cross. 0 means 1: it stays on the link.
	TTL int

	// NoLoop keeps packets from other nodes on the same host. It is for hosts that never have a second one.
	NoLoop bool

	// BroadcastOnly sends to broadcast addresses and joins no group, for networks without multicast.
	BroadcastOnly bool

	// Seeds are hosts to send to as well, each "host" or "host:port": for networks with neither multicast nor broadcast.
	// Names are looked up again and again. One node of a host hears what is sent to its address: the last that came.
	Seeds []string

	// Secret encrypts the compatible frame, as libcluster's secret does. It hides names from others on the network and
	// keeps clusters apart; it does not keep out who can change packets or send old ones. Empty sends plain.
	Secret string

	// Keys are the keys of the authenticated frame: the first is sent with, all are accepted. To change the key add the new
	// one at the end on all nodes, then move it to the front on all, then remove the old one.
	Keys []Key

	// Frames says which frames to send and accept.
	Frames Frames

	// Interval is the longest time between two heartbeats; each comes after a random part of it. 0 means 5 s.
	Interval time.Duration

	// Expire is after how long without a heartbeat a node is not wanted any more. 0 means four intervals: those that the
	// node told, if it sends authenticated packets, or else our own.
	Expire time.Duration

	// MaxNodes is how many nodes are known at most; a quarter of them from one address. 0 means 1024.
	MaxNodes int

	// MaxRate is how many packets a second of one address are looked at. 0 means 500.
	MaxRate int

	// MaxSkew is how far the time stamp of an authenticated packet may be from the clock here. 0 means 30 s.
	MaxSkew time.Duration

	// Logger hears of networks that do not do what is wanted, of being alone, and of others with our name; nil means silence.
	Logger *slog.Logger

	counters counters
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "gossip", the name of the strategy in logs.
func (*Strategy) String() string { return "gossip" }
