package epmd

import (
	"bytes"
	"errors"
	"fmt"

	"gonode/internal/wire"
)

// op is the first byte of a request's body.
type op uint8

// The requests, as "EPMD Protocol" names them.
const (
	opAlive2 op = 120 // ALIVE2_REQ: register
	opPort2  op = 122 // PORT_PLEASE2_REQ: look up
	opNames  op = 110 // NAMES_REQ
	opDump   op = 100 // DUMP_REQ
	opKill   op = 107 // KILL_REQ
	opStop   op = 115 // STOP_REQ
)

// maxRequest bounds a request, its two length bytes included: epmd takes less than 3060 bytes.
const maxRequest = 3059

// lengthSize is the size of the length before a request's body.
const lengthSize = 2

// request is one request. Only opAlive2 has a node, only opPort2 and opStop have a name.
type request struct {
	op   op
	node Node
	name string
}

// appendRequest appends r with its length. It fails if epmd would not take it for its form.
func appendRequest(dst []byte, r request) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0, 0, byte(r.op))
	name := r.name
	switch r.op {
	case opAlive2:
		name = r.node.Name
		if len(name) > maxRequest || len(r.node.Extra) > maxRequest {
			return dst[:start], errors.New("name or extra bytes are too long")
		}
		dst = appendNode(dst, r.node)
	case opPort2, opStop:
		dst = append(dst, name...)
	case opNames, opDump, opKill:
		name = "-"
	default:
		return dst[:start], fmt.Errorf("unknown request %d", r.op)
	}
	size := len(dst) - start
	switch {
	case name == "":
		return dst[:start], errors.New("the name is empty")
	case bytes.IndexByte([]byte(name), 0) >= 0:
		return dst[:start], errors.New("the name has a NUL in it")
	case size > maxRequest:
		return dst[:start], fmt.Errorf("the request has %d bytes, at most %d are allowed", size, maxRequest)
	}
	body := uint16(size - lengthSize)
	dst[start], dst[start+1] = byte(body>>8), byte(body)
	return dst, nil
}

// parseRequest reads the body of a request, without its length. What it returns shares no memory with body. A name is
// never empty and has no NUL in it, but is otherwise not checked.
func parseRequest(body []byte) (request, error) {
	r := wire.NewReader(body)
	req := request{op: op(r.Uint8())}
	name := "-"
	switch req.op {
	case opAlive2:
		req.node = readNode(&r)
		name = req.node.Name
	case opPort2, opStop:
		req.name = string(bytes.TrimSuffix(r.Rest(), []byte{0})) // some clients send the NUL that ends a C string
		name = req.name
	case opNames, opDump, opKill:
	default:
		r.Fail(fmt.Sprintf("unknown request %d", req.op))
	}
	r.End()
	if name == "" {
		r.Fail("the name is empty")
	}
	if bytes.IndexByte([]byte(name), 0) >= 0 {
		r.Fail("the name has a NUL in it")
	}
	if err := r.Err(); err != nil {
		return request{}, fmt.Errorf("epmd request: %w", err)
	}
	return req, nil
}

// appendNode appends the fields that ALIVE2_REQ and PORT2_RESP have in common.
func appendNode(dst []byte, n Node) []byte {
	dst = wire.AppendUint16(dst, n.Port)               // PortNo
	dst = append(dst, n.Type, n.Protocol)              // NodeType, Protocol
	dst = wire.AppendUint16(dst, n.HighVersion)        // HighestVersion
	dst = wire.AppendUint16(dst, n.LowVersion)         // LowestVersion
	dst = wire.AppendUint16(dst, uint16(len(n.Name)))  // Nlen
	dst = append(dst, n.Name...)                       // NodeName
	dst = wire.AppendUint16(dst, uint16(len(n.Extra))) // Elen
	return append(dst, n.Extra...)                     // Extra
}

// readNode is the inverse of appendNode.
func readNode(r *wire.Reader) Node {
	n := Node{Port: r.Uint16(), Type: r.Uint8(), Protocol: r.Uint8(), HighVersion: r.Uint16(), LowVersion: r.Uint16()}
	n.Name = string(r.Bytes(int(r.Uint16())))
	n.Extra = bytes.Clone(r.Bytes(int(r.Uint16())))
	if len(n.Extra) == 0 {
		n.Extra = nil
	}
	return n
}
