package dist

import (
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// parsers has every parse function, as one that parses and appends again what it found.
var parsers = map[string]func([]byte) ([]byte, error){
	"send_name": func(b []byte) ([]byte, error) {
		h, err := parseSendName(b)
		if h.Old {
			return oldSendName(h.Flags, string(h.Name)), err
		}
		return appendSendName(nil, h), err
	},
	"status": func(b []byte) ([]byte, error) {
		text, name, creation, err := parseStatus(b)
		if text == statusNamed {
			return appendNamed(nil, name, creation), err
		}
		return appendStatus(nil, text), err
	},
	"challenge": func(b []byte) ([]byte, error) {
		h, challenge, err := parseChallenge(b)
		return appendChallenge(nil, h, challenge), err
	},
	"complement": func(b []byte) ([]byte, error) {
		high, creation, err := parseComplement(b)
		return appendComplement(nil, Hello{Flags: high, Creation: creation}), err
	},
	"reply": func(b []byte) ([]byte, error) {
		challenge, digest, err := parseReply(b)
		return appendReply(nil, challenge, digest), err
	},
	"ack": func(b []byte) ([]byte, error) {
		digest, err := parseAck(b)
		return appendAck(nil, digest), err
	},
}

// packetsOf has a good packet of every kind, by its parser.
func packetsOf() map[string][]byte {
	return map[string][]byte{
		"send_name":  goodSendName(),
		"status":     appendNamed(nil, "1A@h", 42),
		"challenge":  goodChallenge(),
		"complement": appendComplement(nil, helloA()),
		"reply":      goodReply(),
		"ack":        goodAck(),
	}
}

func TestPackets(t *testing.T) {
	for name, packet := range packetsOf() {
		again, err := parsers[name](packet)
		require.NoError(t, err, name)
		require.Equal(t, packet, again, name)
		for n := range packet {
			if name == "status" && n > 0 && n < len("snamed:") {
				continue // a status of another text
			}
			_, err := parsers[name](packet[:n])
			require.Error(t, err, "%s, %d bytes", name, n)
		}
		longer := append(packet, 0)
		again, err = parsers[name](longer)
		switch name {
		case "send_name", "status", "challenge":
			require.NoError(t, err, name)
			require.Equal(t, packet, again, name)
		default:
			require.Error(t, err, name)
		}
		for other, parse := range parsers {
			if other != name && !(name == "send_name" && other == "challenge" || name == "challenge" && other == "send_name") {
				_, err := parse(packet)
				require.Error(t, err, "%s as %s", name, other)
			}
		}
	}
}

// What is returned does not share memory with the packet.
func TestPacketsCopied(t *testing.T) {
	packet := goodSendName()
	h, err := parseSendName(packet)
	require.NoError(t, err)
	clear(packet)
	require.Equal(t, gen.Atom("a@h"), h.Name)
}
