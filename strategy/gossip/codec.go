package gossip

import (
	"crypto/cipher"
	"net"
	"net/netip"
	"slices"
	"time"

	"gonode/strategy"
)

// codec turns packets into messages and back. It is for one goroutine: what it decrypts goes into a buffer of its own.
type codec struct {
	block   cipher.Block // nil without a secret
	keys    []knownKey   // the first is for sending
	frames  Frames       // not the default
	maxSkew time.Duration
	replay  *replay
	scratch []byte
}

type knownKey struct {
	key  Key
	id   [4]byte
	name string
}

// codec returns a codec; r is shared by those of one run.
func (s *settings) codec(r *replay) *codec {
	c := &codec{frames: s.Frames, maxSkew: s.MaxSkew, replay: r, scratch: make([]byte, maxPacket)}
	if s.Secret != "" {
		c.block = secretBlock(s.Secret)
	}
	for _, k := range s.Keys {
		c.keys = append(c.keys, knownKey{k, k.id(), k.ID()})
	}
	return c
}

// encode returns m in every frame that is spoken.
func (c *codec) encode(m message) ([][]byte, error) {
	var packets [][]byte
	if c.frames.compatible() {
		plain := appendPlain(nil, m)
		if c.block != nil {
			plain = appendSecret(nil, c.block, plain, newIV())
		}
		packets = append(packets, plain)
	}
	if c.frames.authenticated() {
		b, err := appendAuthenticated(nil, c.keys[0].key, m, newRandom())
		if err != nil {
			return nil, err
		}
		packets = append(packets, b)
	}
	return packets, nil
}

// decode fills in what p, of which At and From are known, says. A frame that is not accepted is decoded all the same:
// the listening post shows it.
func (c *codec) decode(b []byte, p *Packet) {
	p.Size = len(b)
	switch {
	case len(b) > maxPacket:
		p.drop(DropOversized, "")
	case isAuthenticated(b):
		c.authenticated(b, p)
	default:
		c.compatible(b, p)
	}
	if p.Err != nil {
		return
	}
	if err := strategy.CheckName(p.Node); err != nil {
		p.drop(DropName, err.Error())
		return
	}
	if c.refuses(p.Frame) {
		p.drop(DropRefused, "this node accepts "+c.accepted())
		return
	}
	p.completeAddress()
}

// refuses reports whether frame is not to be taken. With a secret a plain packet is not, as with libcluster.
func (c *codec) refuses(frame Frame) bool {
	switch frame {
	case FrameAuthenticated:
		return !c.frames.authenticated()
	case FrameSecret:
		return !c.frames.compatible()
	default:
		return !c.frames.compatible() || c.block != nil
	}
}

// accepted says which frames are taken.
func (c *codec) accepted() string {
	compatible := "plain packets"
	if c.block != nil {
		compatible = "packets with its secret"
	}
	switch c.frames {
	case FramesBoth:
		return compatible + " and authenticated ones"
	case FramesAuthenticated:
		return "authenticated packets only"
	}
	return compatible + " only"
}

// completeAddress makes ":port" the port of the host that sent the packet, and drops an address that is none.
func (p *Packet) completeAddress() {
	if p.Address == "" {
		return
	}
	host, port, err := net.SplitHostPort(p.Address)
	switch {
	case err != nil || port == "" || slices.ContainsFunc([]byte(p.Address), unprintable):
		p.Address = ""
	case host == "" || isUnspecified(host):
		p.Address = net.JoinHostPort(p.From.Addr().String(), port)
	}
}

func unprintable(b byte) bool { return b <= ' ' || b >= 0x7f }

func isUnspecified(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsUnspecified()
}
