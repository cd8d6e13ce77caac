package pcap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/dist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The capture is of tcpdump: an OTP 27 dials an OTP 25, after epmd was asked.
func realCapture(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/otp.pcap")
	require.NoError(t, err)
	return b
}

func TestRealCapture(t *testing.T) {
	all, err := Read(bytes.NewReader(realCapture(t)), 1<<30)
	require.NoError(t, err)
	var found *Conversation
	for _, c := range all {
		require.True(t, c.Begun)
		require.False(t, c.FromClient.Gap || c.FromServer.Gap)
		if c.Server.Port() == 41697 {
			require.Nil(t, found)
			found = c
		}
	}
	require.NotNil(t, found)
	require.Greater(t, len(found.FromClient.Bytes), 70000)
	tr := &dist.Transcript{Dialer: found.FromClient.Bytes, Listener: found.FromServer.Bytes}
	signals := 0
	for e := range tr.Entries(dist.Dialer) {
		require.NoError(t, e.Err)
		if e.Signal != nil {
			signals++
		}
		at := found.FromClient.At(e.Offset)
		require.Equal(t, 2026, at.UTC().Year())
	}
	require.Greater(t, signals, 5)
}

// packets returns the packets of the real capture.
func packets(t *testing.T) []packet {
	t.Helper()
	in, err := open(bytes.NewReader(realCapture(t)))
	require.NoError(t, err)
	var all []packet
	for {
		p, err := in.next()
		if err != nil {
			return all
		}
		p.data = slices.Clone(p.data)
		all = append(all, p)
	}
}

// pcapng writes packets as another program would: a section in either order, with interfaces of two resolutions.
func pcapng(order binary.AppendByteOrder, all []packet) []byte {
	var out []byte
	block := func(kind uint32, body []byte) {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		size := uint32(len(body) + 12)
		out = order.AppendUint32(order.AppendUint32(out, kind), size)
		out = order.AppendUint32(append(out, body...), size)
	}
	section := order.AppendUint32(nil, sectionLittle)
	section = order.AppendUint16(order.AppendUint16(section, 1), 0)
	block(blockSection, order.AppendUint64(section, ^uint64(0)))
	iface := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, linkEthernet), 0), 0)
	block(blockInterface, iface)
	nano := append(slices.Clone(iface), order.AppendUint16(order.AppendUint16(nil, optionTimeUnit), 1)...)
	block(blockInterface, append(append(nano, 9, 0, 0, 0), 0, 0, 0, 0))
	block(5, []byte("statistics")) // passed over
	for i, p := range all {
		ticks, from := uint64(p.at.UnixMicro()), uint32(0)
		if i%2 == 1 {
			ticks, from = uint64(p.at.UnixNano()), 1
		}
		body := order.AppendUint32(nil, from)
		body = order.AppendUint32(order.AppendUint32(body, uint32(ticks>>32)), uint32(ticks))
		body = order.AppendUint32(order.AppendUint32(body, uint32(len(p.data))), uint32(len(p.data)))
		block(blockEnhanced, append(body, p.data...))
	}
	return out
}

func TestPcapng(t *testing.T) {
	want, err := Read(bytes.NewReader(realCapture(t)), 1<<30)
	require.NoError(t, err)
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := pcapng(order, packets(t))
		got, err := Read(bytes.NewReader(b), 1<<30)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for n := 0; n < len(b); n += 97 { // no cut is a crash
			_, _ = Read(bytes.NewReader(b[:n]), 1<<30)
		}
	}
}

// Order and repetition of the packets do not matter, once the beginning was seen.
func TestDisorder(t *testing.T) {
	want, err := Read(bytes.NewReader(realCapture(t)), 1<<30)
	require.NoError(t, err)
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		all := packets(t)
		all = append(all, all...)
		for i := range len(all) - 1 {
			if s, _ := parse(all[i]); s.flags&flagSYN == 0 && rnd.IntN(2) == 0 {
				if s, _ := parse(all[i+1]); s.flags&flagSYN == 0 {
					all[i], all[i+1] = all[i+1], all[i]
				}
			}
		}
		half := len(all) / 2
		got, err := Read(bytes.NewReader(pcapng(binary.LittleEndian, all[:half])), 1<<30)
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i := range got {
			require.Equal(t, want[i].FromClient.Bytes, got[i].FromClient.Bytes, "seed %d", seed)
			require.Equal(t, want[i].FromServer.Bytes, got[i].FromServer.Bytes)
		}
	}
}

// A segment that is missing ends the stream there.
func TestGap(t *testing.T) {
	all := packets(t)
	dropped := slices.DeleteFunc(slices.Clone(all), func(p packet) bool {
		s, ok := parse(p)
		return ok && s.to.Port() == 41697 && len(s.data) > 20000
	})
	require.Less(t, len(dropped), len(all))
	got, err := Read(bytes.NewReader(pcapng(binary.LittleEndian, dropped)), 1<<30)
	require.NoError(t, err)
	gaps := 0
	for _, c := range got {
		if c.FromClient.Gap {
			gaps++
		}
	}
	require.Equal(t, 1, gaps)
}

func TestLimits(t *testing.T) {
	_, err := Read(bytes.NewReader(realCapture(t)), 1000)
	require.ErrorIs(t, err, ErrSize)
	for _, b := range [][]byte{nil, []byte("GIF89a"), {0xd4, 0xc3, 0xb2, 0xa1}} {
		_, err := Read(bytes.NewReader(b), 1000)
		require.ErrorIs(t, err, ErrFormat)
	}
}

func TestParse(t *testing.T) {
	v4 := []byte{0x45, 0, 0, 42, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 80, 0x1f, 0x90, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0, 'h', 'i'}
	v6 := append([]byte{0x60, 0, 0, 0, 0, 30, 0, 64}, make([]byte, 32)...)
	v6 = append(append(v6, 6, 0, 0, 0, 0, 0, 0, 0), v4[20:]...)
	ether := make([]byte, 12)
	for name, p := range map[string]packet{
		"raw":      {link: linkRaw, data: v4},
		"ethernet": {link: linkEthernet, data: slices.Concat(ether, []byte{8, 0}, v4)},
		"vlan":     {link: linkEthernet, data: slices.Concat(ether, []byte{0x81, 0, 0, 1, 8, 0}, v4)},
		"padded":   {link: linkEthernet, data: slices.Concat(ether, []byte{8, 0}, v4, []byte{0, 0, 0})},
		"loopback": {link: linkNull, data: slices.Concat([]byte{2, 0, 0, 0}, v4)},
		"linux":    {link: linkLinux, data: slices.Concat(make([]byte, 16), v4)},
		"linux2":   {link: linkLinux2, data: slices.Concat(make([]byte, 20), v4)},
		"ipv6":     {link: linkRaw, data: v6},
	} {
		s, ok := parse(p)
		require.True(t, ok, name)
		require.Equal(t, "hi", string(s.data), name)
		require.Equal(t, uint32(9), s.seq)
		require.Equal(t, uint16(80), s.from.Port())
		require.False(t, s.cut)
		for n := range p.data {
			_, _ = parse(packet{link: p.link, data: p.data[:n]})
		}
	}
	s, _ := parse(packet{link: linkRaw, data: v4})
	require.Equal(t, netip.MustParseAddrPort("10.0.0.2:8080"), s.to)
	s, _ = parse(packet{link: linkRaw, data: v4[:41]})
	require.True(t, s.cut)
	_, ok := parse(packet{link: 999, data: v4})
	require.False(t, ok)
}

func TestAt(t *testing.T) {
	at := time.Unix(1, 0)
	s := Stream{}
	require.True(t, s.At(0).IsZero())
	s.segment(segment{seq: 1, data: []byte("ab")}, at)
	s.segment(segment{seq: 3, data: []byte("c")}, at.Add(1))
	require.Equal(t, fmt.Sprint(at, at, at.Add(1)), fmt.Sprint(s.At(0), s.At(1), s.At(2)))
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{0xd4, 0xc3, 0xb2, 0xa1})
	f.Add(realCapture(f)[:2000])
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = Read(bytes.NewReader(b), 1<<20)
	})
}
