package dist

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/internal/wire"
)

// recorded returns a whole connection: a handshake, and then what a node has sent on a link.
func recorded(t *testing.T, release string) *Transcript {
	t.Helper()
	text, err := os.ReadFile("testdata/streams/otp" + release + ".txt")
	require.NoError(t, err)
	head, _, _ := bytes.Cut(text, []byte("\n\n"))
	var flags Flags
	var creation uint32
	_, err = fmt.Sscanf(string(head), "%x %x", &flags, &creation)
	require.NoError(t, err)
	_, hexed, _ := strings.Cut(string(head), "\n")
	stream, err := hex.DecodeString(strings.ReplaceAll(hexed, "\n", ""))
	require.NoError(t, err)

	tr := &Transcript{}
	put := func(b *[]byte, packet []byte) { *b = append(wire.AppendUint16(*b, uint16(len(packet))), packet...) }
	put(&tr.Dialer, appendSendName(nil, Hello{Name: "b@127.0.0.1", Flags: flags, Creation: creation}))
	put(&tr.Listener, appendStatus(nil, statusOK))
	put(&tr.Listener, appendChallenge(nil, Hello{Name: "go@127.0.0.1", Flags: Visible, Creation: 7}, 1))
	put(&tr.Dialer, appendReply(nil, 2, Digest(testCookie, 1)))
	put(&tr.Listener, appendAck(nil, Digest(testCookie, 2)))
	tr.Dialer = append(tr.Dialer, stream...)
	return tr
}

// TestTranscript reads recorded connections: the handshake, then the signals that TestStreams knows.
func TestTranscript(t *testing.T) {
	for _, release := range []string{"23", "25", "27", "29"} {
		tr := recorded(t, release)
		var packets []Packet
		var lines strings.Builder
		offset := int64(0)
		for e := range tr.Entries(Dialer) {
			require.NoError(t, e.Err)
			require.Equal(t, offset, e.Offset)
			offset += int64(e.Size)
			switch {
			case e.Packet != "":
				packets = append(packets, e.Packet)
			case e.Signal != nil:
				fmt.Fprintln(&lines, line(e.Signal))
			default:
				require.True(t, e.Tick || e.Part)
			}
		}
		require.Equal(t, int64(len(tr.Dialer)), offset)
		require.Equal(t, []Packet{PacketName, PacketReply}, packets, release)
		text, err := os.ReadFile("testdata/streams/otp" + release + ".txt")
		require.NoError(t, err)
		_, want, _ := bytes.Cut(text, []byte("\n\n"))
		require.Equal(t, string(want), lines.String(), release)

		packets = nil
		for e := range tr.Entries(Listener) {
			require.NoError(t, e.Err)
			packets = append(packets, e.Packet)
		}
		require.Equal(t, []Packet{PacketStatus, PacketChallenge, PacketAck}, packets)
	}
}

// One side alone is enough; no cut of it is a crash, and what is cut off is told.
func TestTranscriptCut(t *testing.T) {
	whole := recorded(t, "25").Dialer
	ends := map[int]bool{0: true}
	for e := range (&Transcript{Dialer: whole}).Entries(Dialer) {
		require.NoError(t, e.Err)
		ends[int(e.Offset)+e.Size] = true
	}
	for n := range whole {
		entries := slices.Collect((&Transcript{Dialer: whole[:n:n]}).Entries(Dialer))
		last := Entry{}
		if len(entries) > 0 {
			last = entries[len(entries)-1]
		}
		require.Equal(t, !ends[n], last.Err != nil, "%d bytes: %v", n, last.Err)
	}
	for range (&Transcript{Dialer: whole}).Entries(Dialer) {
		break
	}
}

func TestTranscriptOfSomethingElse(t *testing.T) {
	for _, b := range [][]byte{[]byte("GET / HTTP/1.1\r\n"), {22, 3, 1, 2, 0, 1}, {0, 0}, {0, 3, 's', 'o', 'k'}} {
		entries := slices.Collect((&Transcript{Dialer: b}).Entries(Dialer))
		require.Len(t, entries, 1)
		require.ErrorIs(t, entries[0].Err, ErrNoHandshake)
	}
	bad := append(wire.AppendUint16(nil, 3), 'N', 1, 2)
	entries := slices.Collect((&Transcript{Dialer: bad}).Entries(Dialer))
	require.Len(t, entries, 1)
	require.Error(t, entries[0].Err)

	// A frame that can't be read ends the side.
	tr := recorded(t, "25")
	shake := readShake(tr.Dialer, Dialer)
	tr.Dialer = append(tr.Dialer[:shake.end:shake.end], 0, 0, 0, 0, 0, 0, 0, 2, 131, 1, 0, 0, 0, 0)
	entries = slices.Collect(tr.Entries(Dialer))
	require.Len(t, entries, 4)
	require.True(t, entries[2].Tick)
	require.ErrorIs(t, entries[3].Err, ErrMalformedFrame)
	require.Equal(t, gen.Atom("b@127.0.0.1"), entries[0].Hello.Name)
}

func FuzzTranscript(f *testing.F) {
	f.Add([]byte{0, 3, 's', 'o', 'k'}, []byte{0, 1, 'N'})
	f.Fuzz(func(t *testing.T, dialer, listener []byte) {
		tr := &Transcript{Dialer: dialer, Listener: listener}
		for _, side := range []Side{Dialer, Listener} {
			offset := int64(0)
			for e := range tr.Entries(side) {
				if e.Offset != offset {
					t.Fatalf("an entry at %d, want %d", e.Offset, offset)
				}
				offset += int64(e.Size)
			}
		}
	})
}

// The handshakes of all releases, in both roles, as they were recorded.
func TestTranscriptOfRecordedHandshakes(t *testing.T) {
	files, err := filepath.Glob("testdata/handshakes/OTP*.txt")
	require.NoError(t, err)
	require.Len(t, files, 16)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		tr := &Transcript{}
		ours, theirs := &tr.Listener, &tr.Dialer
		if strings.Contains(file, "-dial") {
			ours, theirs = theirs, ours
		}
		for l := range strings.SplitSeq(string(text), "\n") {
			direction, packet, _ := strings.Cut(l, " ")
			b, err := hex.DecodeString(packet)
			switch {
			case direction == "send" && err == nil:
				*ours = append(*ours, b...)
			case direction == "recv" && err == nil:
				*theirs = append(*theirs, b...)
			}
		}
		for _, side := range []Side{Dialer, Listener} {
			n := 0
			for e := range tr.Entries(side) {
				require.NoError(t, e.Err, "%s %v", file, side)
				require.NotEmpty(t, e.Packet)
				n++
			}
			require.GreaterOrEqual(t, n, 2, "%s %v", file, side)
		}
	}
}
