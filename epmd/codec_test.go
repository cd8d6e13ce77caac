package epmd

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// b1 is a node as a real epmd gave it.
var b1 = Node{Name: "b1", Port: 0x910f, Type: TypeNormal, HighVersion: 6, LowVersion: 5}

func TestRequestBytes(t *testing.T) {
	for _, tt := range []struct {
		name string
		req  request
		hex  string
	}{
		{"register", request{op: opAlive2, node: b1}, "000f 78 910f 4d 00 0006 0005 0002 6231 0000"},
		{"register with extra", request{op: opAlive2, node: Node{Name: "é", Port: 1, Type: TypeHidden, Protocol: 9, HighVersion: 6, LowVersion: 6, Extra: []byte{0, 1}}},
			"0011 78 0001 48 09 0006 0006 0002 c3a9 0002 0001"},
		{"look up", request{op: opPort2, name: "b1"}, "0003 7a 6231"},
		{"names", request{op: opNames}, "0001 6e"},
		{"dump", request{op: opDump}, "0001 64"},
		{"kill", request{op: opKill}, "0001 6b"},
		{"stop", request{op: opStop, name: "b1"}, "0003 73 6231"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := appendRequest([]byte("x"), tt.req)
			require.NoError(t, err)
			require.Equal(t, append([]byte("x"), unhex(t, tt.hex)...), b)
			got, err := parseRequest(b[3:])
			require.NoError(t, err)
			require.Equal(t, tt.req, got)
		})
	}
}

func TestParseRequestRefuses(t *testing.T) {
	whole, err := appendRequest(nil, request{op: opAlive2, node: Node{Name: "a", Extra: []byte("xy")}})
	require.NoError(t, err)
	for n := range len(whole) - lengthSize {
		_, err := parseRequest(whole[lengthSize : lengthSize+n])
		require.Error(t, err, "the first %d bytes", n)
	}
	for name, body := range map[string]string{
		"bytes left over":   hex.EncodeToString(whole[lengthSize:]) + "00",
		"unknown":           "01",
		"ALIVE_CLOSE":       "61",
		"empty name":        "7a",
		"only a NUL":        "7a00",
		"NUL in the name":   "7a610062",
		"two NULs":          "7a610000",
		"names with a tail": "6e00",
		"stop nobody":       "73",
		"register nobody":   "78 0001 4d 00 0006 0005 0000 0002 6161",
		"register a NUL":    "78 0001 4d 00 0006 0005 0001 00 0000",
	} {
		_, err := parseRequest(unhex(t, body))
		require.Error(t, err, name)
	}
	got, err := parseRequest(unhex(t, "7a6100"))
	require.NoError(t, err, "one NUL after the name is taken")
	require.Equal(t, "a", got.name)
}

func TestAppendRequestRefuses(t *testing.T) {
	for name, req := range map[string]request{
		"empty name":  {op: opPort2},
		"NUL":         {op: opStop, name: "a\x00b"},
		"too long":    {op: opPort2, name: strings.Repeat("a", maxRequest-2)},
		"huge name":   {op: opAlive2, node: Node{Name: strings.Repeat("a", 70000)}},
		"huge extra":  {op: opAlive2, node: Node{Name: "a", Extra: make([]byte, 70000)}},
		"unknown":     {op: 1, name: "a"},
		"empty alive": {op: opAlive2},
	} {
		b, err := appendRequest([]byte("x"), req)
		require.Error(t, err, name)
		require.Equal(t, "x", string(b), name)
	}
	_, err := appendRequest(nil, request{op: opPort2, name: strings.Repeat("a", maxRequest-3)})
	require.NoError(t, err)
}

func TestAliveResponse(t *testing.T) {
	for _, tt := range []struct {
		high     uint16
		ok       bool
		hex      string
		creation uint32
	}{
		{6, true, "76 00 6b04f022", 0x6b04f022},
		{6, false, "76 01 00000063", 99},
		{5, true, "79 00 0002", 2}, // as a real epmd answered
		{5, false, "79 01 0063", 99},
	} {
		b := appendAlive(nil, tt.high, tt.ok, 0x6b04f022)
		require.Equal(t, unhex(t, tt.hex), b)
		require.Equal(t, len(b), aliveSize(b[0]))
		creation, ok, err := parseAlive(b)
		require.NoError(t, err)
		require.Equal(t, tt.ok, ok)
		require.Equal(t, tt.creation, creation)
		for n := range b {
			_, _, err := parseAlive(b[:n])
			require.Error(t, err)
		}
		_, _, err = parseAlive(append(b, 0))
		require.Error(t, err)
	}
	_, _, err := parseAlive([]byte("HTTP"))
	require.Error(t, err)
}

func TestPortResponse(t *testing.T) {
	b := appendPort(nil, &b1)
	require.Equal(t, unhex(t, "77 00 91 0f 4d 00 00 06 00 05 00 02 62 31 00 00"), b)
	got, err := parsePort(b)
	require.NoError(t, err)
	require.Equal(t, &b1, got)
	for n := range b {
		_, err := parsePort(b[:n])
		require.Error(t, err, "the first %d bytes", n)
		if n > 2 { // what the client reads must end where the answer does
			_, err = readPort(bytes.NewReader(b[:n]))
			require.Error(t, err)
		}
	}
	_, err = parsePort(append(bytes.Clone(b), 0))
	require.Error(t, err)
	read, err := readPort(bytes.NewReader(append(bytes.Clone(b), "more"...)))
	require.NoError(t, err)
	require.Equal(t, b, read)

	none := appendPort(nil, nil)
	require.Equal(t, unhex(t, "77 01"), none)
	got, err = parsePort(none)
	require.NoError(t, err)
	require.Nil(t, got)
}

func TestNamesResponse(t *testing.T) {
	// The answer of a real epmd, with the names it takes and we do not.
	real := "\x00\x00\xb8\xcfname p at port 0\nname v5 at port 5555\nname a b at port 5555\nname at port at port 1\n"
	port, nodes, err := parseNames([]byte(real))
	require.NoError(t, err)
	require.EqualValues(t, 47311, port)
	require.Equal(t, []Node{{Name: "p"}, {Name: "v5", Port: 5555}, {Name: "a b", Port: 5555}, {Name: "at port", Port: 1}}, nodes)
	require.Equal(t, real, string(appendNames(nil, port, nodes)))

	for _, bad := range []string{"", "\x00\x00\x11", "\x00\x00\x11\x11name a at port 1", "\x00\x00\x11\x11name a at port 65536\n",
		"\x00\x00\x11\x11name a at port -1\n", "\x00\x00\x11\x11a at port 1\n", "\x00\x00\x11\x11\n", "HTTP/1.1 400 Bad Request\r\n"} {
		_, _, err := parseNames([]byte(bad))
		require.Error(t, err, "%q", bad)
	}
}

func TestDumpResponse(t *testing.T) {
	b := appendDump(nil, 4369, []entry{{node: Node{Name: "p", Port: 1}, id: 13}}, []entry{{node: Node{Name: "q", Port: 2}, id: 12}})
	require.Equal(t, "\x00\x00\x11\x11active name     <p> at port 1, fd = 13\n\x00old/unused name <q>, port = 2, fd = 12 \n\x00", string(b))
	port, text, err := parseDump(b)
	require.NoError(t, err)
	require.EqualValues(t, 4369, port)
	require.Equal(t, "active name     <p> at port 1, fd = 13\nold/unused name <q>, port = 2, fd = 12 \n", text)
	_, _, err = parseDump(b[:3])
	require.Error(t, err)
}

func FuzzRequest(f *testing.F) {
	for _, req := range []request{{op: opAlive2, node: b1}, {op: opPort2, name: "b1"}, {op: opNames}, {op: opDump}, {op: opKill}, {op: opStop, name: "x"}} {
		b, err := appendRequest(nil, req)
		require.NoError(f, err)
		f.Add(b[lengthSize:])
	}
	f.Add(unhex(f, "78 0001 4d 00 0006 0005 ffff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := parseRequest(body)
		if err != nil || len(body)+lengthSize > maxRequest {
			return
		}
		b, err := appendRequest(nil, req)
		require.NoError(t, err)
		again, err := parseRequest(b[lengthSize:])
		require.NoError(t, err)
		require.Equal(t, req, again)
	})
}

func FuzzResponse(f *testing.F) {
	f.Add(appendAlive(nil, 6, true, 7))
	f.Add(appendAlive(nil, 5, false, 7))
	f.Add(appendPort(nil, &b1))
	f.Add(appendPort(nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if creation, ok, err := parseAlive(b); err == nil && ok && b[0] == respAlive2X {
			require.Equal(t, b, appendAlive(nil, 6, ok, creation))
		}
		n, err := parsePort(b)
		if err == nil && n != nil {
			require.Equal(t, b, appendPort(nil, n))
		}
		if read, err := readPort(bytes.NewReader(b)); err == nil {
			require.True(t, bytes.HasPrefix(b, read))
		}
		if read, err := readAlive(bytes.NewReader(b)); err == nil {
			require.True(t, bytes.HasPrefix(b, read))
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add(appendNames(nil, 4369, []Node{{Name: "a", Port: 1}, {Name: "b at port 2", Port: 65535}}))
	f.Add([]byte("\x00\x00\x11\x11name  at port 007\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseDump(b)
		port, nodes, err := parseNames(b)
		if err != nil {
			return
		}
		port2, again, err := parseNames(appendNames(nil, port, nodes))
		require.NoError(t, err)
		require.Equal(t, port, port2)
		require.Equal(t, nodes, again)
	})
}
