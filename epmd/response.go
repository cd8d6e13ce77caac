package epmd

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"gonode/internal/wire"
)

// The first byte of a response.
const (
	respAlive2  = 121 // ALIVE2_RESP, with a creation of 16 bits
	respAlive2X = 118 // ALIVE2_X_RESP, with a creation of 32 bits
	respPort2   = 119 // PORT2_RESP
)

// Texts of the responses to KILL_REQ and STOP_REQ.
const (
	textOK      = "OK"
	textNo      = "NO"
	textStopped = "STOPPED"
	textNoExist = "NOEXIST"
)

// maxNames bounds what a client reads of an answer to NAMES_REQ or DUMP_REQ: 8 MiB.
const maxNames = 8 << 20

// creationTaken is the creation in the response to a registration that is refused. It means nothing.
const creationTaken = 99

// appendAlive appends the response to a registration. A node whose highest version is 5 or less gets a creation of 1
// to 3.
func appendAlive(dst []byte, highVersion uint16, ok bool, creation uint32) []byte {
	result := byte(0)
	if !ok {
		result, creation = 1, creationTaken
	}
	if highVersion >= 6 {
		return wire.AppendUint32(append(dst, respAlive2X, result), creation)
	}
	if ok {
		creation = creation%3 + 1
	}
	return wire.AppendUint16(append(dst, respAlive2, result), uint16(creation))
}

// aliveSize returns how many bytes a response to a registration has that begins with tag; 0 if none does.
func aliveSize(tag byte) int {
	switch tag {
	case respAlive2X:
		return 6
	case respAlive2:
		return 4
	}
	return 0
}

// parseAlive reads the response to a registration.
func parseAlive(b []byte) (creation uint32, ok bool, err error) {
	r := wire.NewReader(b)
	tag := r.Uint8()
	result := r.Uint8()
	switch tag {
	case respAlive2X:
		creation = r.Uint32()
	case respAlive2:
		creation = uint32(r.Uint16())
	default:
		r.Fail(fmt.Sprintf("response %d to a registration", tag))
	}
	r.End()
	if err := r.Err(); err != nil {
		return 0, false, fmt.Errorf("epmd response: %w", err)
	}
	return creation, result == 0, nil
}

// appendPort appends the response to a lookup; a nil node is not found.
func appendPort(dst []byte, n *Node) []byte {
	if n == nil {
		return append(dst, respPort2, 1)
	}
	return appendNode(append(dst, respPort2, 0), *n)
}

// parsePort reads the response to a lookup; a node that is not found is nil.
func parsePort(b []byte) (*Node, error) {
	r := wire.NewReader(b)
	if tag := r.Uint8(); tag != respPort2 {
		r.Fail(fmt.Sprintf("response %d to a lookup", tag))
	}
	var n *Node
	if r.Uint8() == 0 {
		read := readNode(&r)
		n = &read
	}
	r.End()
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("epmd response: %w", err)
	}
	return n, nil
}

// appendNames appends the response to NAMES_REQ.
func appendNames(dst []byte, port uint32, nodes []Node) []byte {
	dst = wire.AppendUint32(dst, port)
	for _, n := range nodes {
		dst = fmt.Appendf(dst, "name %s at port %d\n", n.Name, n.Port)
	}
	return dst
}

// parseNames reads the response to NAMES_REQ: the port of epmd, and the name and port of each node. A line that does not
// read as epmd's is an error; so is one that has no end.
func parseNames(b []byte) (port uint32, nodes []Node, err error) {
	r := wire.NewReader(b)
	port = r.Uint32()
	for r.Len() > 0 {
		line, ok := readLine(&r)
		if !ok {
			r.Fail("a line without an end")
			break
		}
		n, ok := parseNamesLine(line)
		if !ok {
			r.Fail(fmt.Sprintf("not a line of epmd's: %.40q", line))
			break
		}
		nodes = append(nodes, n)
	}
	if err := r.Err(); err != nil {
		return 0, nil, fmt.Errorf("epmd response: %w", err)
	}
	return port, nodes, nil
}

// readLine reads up to and with the next line feed, and returns the line without it.
func readLine(r *wire.Reader) (string, bool) {
	ahead := *r
	rest := ahead.Rest()
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		return "", false
	}
	return string(r.Bytes(end + 1)[:end]), true
}

// parseNamesLine reads "name NAME at port PORT". A name may have spaces in it: epmd allows them.
func parseNamesLine(line string) (Node, bool) {
	line, ok := strings.CutPrefix(line, "name ")
	at := strings.LastIndex(line, " at port ")
	if !ok || at < 0 {
		return Node{}, false
	}
	port, err := strconv.ParseUint(line[at+len(" at port "):], 10, 16)
	return Node{Name: line[:at], Port: uint16(port)}, err == nil
}

// appendDump appends the response to DUMP_REQ. Each line ends with a NUL, the angle brackets are epmd's.
func appendDump(dst []byte, port uint32, live, old []entry) []byte {
	dst = wire.AppendUint32(dst, port)
	for _, e := range live {
		dst = fmt.Appendf(dst, "active name     <%s> at port %d, fd = %d\n\x00", e.node.Name, e.node.Port, e.id)
	}
	for _, e := range old {
		dst = fmt.Appendf(dst, "old/unused name <%s>, port = %d, fd = %d \n\x00", e.node.Name, e.node.Port, e.id)
	}
	return dst
}

// parseDump reads the response to DUMP_REQ as text.
func parseDump(b []byte) (port uint32, text string, err error) {
	r := wire.NewReader(b)
	port = r.Uint32()
	text = strings.ReplaceAll(string(r.Rest()), "\x00", "")
	if err := r.Err(); err != nil {
		return 0, "", fmt.Errorf("epmd response: %w", err)
	}
	return port, text, nil
}
