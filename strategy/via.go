package strategy

import "fmt"

// Via says how a connection came about. Only those made via discovery may be pruned.
type Via int

// The ways of a connection.
const (
	ViaPeer        Via = iota // the node connected to us
	ViaApplication            // the application connected to it, or sent to it
	ViaDiscovery              // the engine had it dialled, and nobody else asked for it
)

// String returns who made the connection.
func (v Via) String() string {
	switch v {
	case ViaPeer:
		return "the peer"
	case ViaApplication:
		return "the application"
	case ViaDiscovery:
		return "discovery"
	}
	return fmt.Sprintf("Via(%d)", int(v))
}
