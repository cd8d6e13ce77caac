package dist

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// recording is a whole handshake with a real node, seen from the side that is not the BEAM.
type recording struct {
	name       string
	sent, recv []byte   // with lengths, as on the wire
	ours       [][]byte // packets of sent
	beam       [][]byte // packets of recv
	dialled    bool     // by the BEAM
	old        bool     // with the old send_name
	dynamic    bool     // we asked for a name
	release    string   // 23, 25, 27, 29
}

func recordings(t testing.TB) []recording {
	files, err := filepath.Glob("testdata/handshakes/*.txt")
	require.NoError(t, err)
	require.Len(t, files, 16)
	var all []recording
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		r := recording{
			name: name, release: name[3:5], dialled: strings.Contains(name, "accept"),
			old: strings.Contains(name, "old-n"), dynamic: strings.Contains(name, "dynamic"),
		}
		for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
			direction, digits, _ := strings.Cut(lines.Text(), " ")
			b, err := hex.DecodeString(digits)
			switch direction {
			case "send":
				require.NoError(t, err)
				r.sent = append(r.sent, b...)
			case "recv":
				require.NoError(t, err)
				r.recv = append(r.recv, b...)
			}
		}
		r.ours, r.beam = splitPackets(t, r.sent), splitPackets(t, r.recv)
		all = append(all, r)
	}
	return all
}

const (
	recordedFlags = Flags(0xd07df7fbd)
	beamCreation  = 0x6b03fec5
)

func (r *recording) beamName() gen.Atom { return gen.Atom("m" + r.release + "@localhost") }

func (r *recording) beamFlags() Flags {
	return map[string]Flags{"23": 0x101df7fbd, "25": 0xd07df7fbd, "27": 0xd07df7fbd, "29": 0x6d07df7fbd}[r.release]
}

// frames follow every handshake at once; nobody may read of them.
var frames = []byte{0, 0, 0, 0, 0, 0, 0, 1, 112}

// TestRecordedOurs plays the part that was not the BEAM's.
func TestRecordedOurs(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.name, func(t *testing.T) {
			conn := newTape(append(bytes.Clone(r.recv), frames...))
			res, err := r.playOurs(conn)
			if r.old && !r.dialled {
				// We never send an old send_name: the BEAM's side of this one is of use, ours is not.
				require.NotEqual(t, r.sent, conn.out.Bytes())
				return
			}
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(r.sent), hex.EncodeToString(conn.out.Bytes()))
			require.Equal(t, frames, conn.left())
			require.True(t, conn.deadline.Load().IsZero())
			require.Equal(t, r.beamName(), res.Peer.Name)
			require.Equal(t, uint32(beamCreation), res.Peer.Creation)
			require.Equal(t, r.old, res.Peer.Old)
			switch {
			case r.dynamic:
				require.Regexp(t, "^[0-9A-Z]+@localhost$", string(res.Self.Name))
				require.NotZero(t, res.Self.Creation)
				require.False(t, res.Flags.Has(FlagPublished))
			default:
				require.Equal(t, gen.Atom("go@localhost"), res.Self.Name)
				require.Equal(t, r.beamFlags(), res.Peer.Flags)
				require.Equal(t, recordedFlags.Expand()&r.beamFlags().Expand(), res.Flags)
				require.True(t, res.Flags.Has(Mandatory|FlagPublished))
			}
		})
	}
}

func (r *recording) playOurs(conn *tape) (Result, error) {
	if r.dialled {
		a := Acceptor{
			Self:   Hello{Name: "go@localhost", Flags: recordedFlags, Creation: 0x6b03ecf1},
			Cookie: sameCookie, Challenge: drawn(0x01020304),
		}
		return a.Handshake(ctx, conn)
	}
	i := Initiator{
		Self: Hello{Name: "go@localhost", Flags: recordedFlags, Creation: 0x6b03ecf0},
		Peer: r.beamName(), Cookie: testCookie, Challenge: drawn(0x01020304),
	}
	if r.dynamic {
		i.Self = Hello{Name: "localhost", Flags: 0xf07df7fbc}
	}
	return i.Handshake(ctx, conn)
}

// TestRecordedBEAM plays the part of the BEAM, as the other role of the same code.
func TestRecordedBEAM(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.name, func(t *testing.T) {
			conn := newTape(append(bytes.Clone(r.sent), frames...))
			self := Hello{Name: r.beamName(), Flags: r.beamFlags(), Creation: beamCreation}
			var res Result
			var err error
			if r.dialled {
				theirs, _, parseErr := parseReply(r.beam[len(r.beam)-1])
				require.NoError(t, parseErr)
				i := Initiator{Self: self, Peer: "go@localhost", Cookie: testCookie, Challenge: drawn(theirs)}
				res, err = i.Handshake(ctx, conn)
			} else {
				_, theirs, parseErr := parseChallenge(r.beam[1])
				require.NoError(t, parseErr)
				a := Acceptor{Self: self, Cookie: sameCookie, Challenge: drawn(theirs)}
				a.NewName = func(host string) (gen.Atom, uint32, error) {
					require.Equal(t, "localhost", host)
					_, name, creation, parseErr := parseStatus(r.beam[0])
					return name, creation, parseErr
				}
				res, err = a.Handshake(ctx, conn)
			}
			if r.old && r.dialled {
				require.NotEqual(t, r.recv, conn.out.Bytes())
				return
			}
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(r.recv), hex.EncodeToString(conn.out.Bytes()))
			require.Equal(t, frames, conn.left())
			require.Equal(t, r.old, res.Peer.Old)
			require.NotZero(t, res.Peer.Creation)
			require.Equal(t, !r.dynamic, res.Flags.Has(FlagPublished))
		})
	}
}

// TestRecordedPrefixes cuts every recorded handshake at every byte.
func TestRecordedPrefixes(t *testing.T) {
	for _, r := range recordings(t) {
		if r.old && !r.dialled {
			continue
		}
		ack := len(r.recv) - len(packets(r.beam[len(r.beam)-1]))
		for n := range len(r.recv) {
			_, err := r.playOurs(newTape(r.recv[:n]))
			if n == ack && !r.dialled {
				requireFailure(t, err, ErrCookie, "the cookie is not the one m"+r.release+"@localhost uses")
			} else {
				requireFailure(t, err, ErrHangup)
				require.ErrorIs(t, err, ErrClosed)
			}
		}
	}
}
