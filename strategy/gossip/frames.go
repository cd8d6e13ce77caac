package gossip

import (
	"fmt"
	"strings"
	"time"
)

// Frames says which frames a node sends and accepts.
type Frames uint8

// FramesDefault is authenticated if there are keys, and else compatible. FramesCompatible is libcluster's frame: plain, or
// with a secret if there is one; it accepts the one that it sends. FramesAuthenticated is ours, and drops all else.
// FramesBoth sends and accepts both, while a cluster changes over.
const (
	FramesDefault Frames = iota
	FramesCompatible
	FramesAuthenticated
	FramesBoth
)

func framesNames() []string { return []string{"", "compatible", "authenticated", "both"} }

// String returns what UnmarshalText reads.
func (f Frames) String() string {
	if names := framesNames(); int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("Frames(%d)", uint8(f))
}

// UnmarshalText implements encoding.TextUnmarshaler: "compatible", "authenticated", "both", or empty for the default.
func (f *Frames) UnmarshalText(text []byte) error {
	for i, name := range framesNames() {
		if string(text) == name {
			*f = Frames(i)
			return nil
		}
	}
	return fmt.Errorf("gossip: %q are no frames: want %s", text, strings.Join(framesNames()[1:], ", "))
}

// MarshalText implements encoding.TextMarshaler.
func (f Frames) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// compatible and authenticated report what f, which is not the default, speaks.
func (f Frames) compatible() bool    { return f == FramesCompatible || f == FramesBoth }
func (f Frames) authenticated() bool { return f == FramesAuthenticated || f == FramesBoth }

// Frame is the form in which a packet came.
type Frame uint8

// FrameUnknown is none that was recognized. FramePlain and FrameSecret are libcluster's. FrameAuthenticated is ours.
const (
	FrameUnknown Frame = iota
	FramePlain
	FrameSecret
	FrameAuthenticated
)

// String returns "unknown", "plain", "secret" or "authenticated".
func (f Frame) String() string {
	if names := [...]string{"unknown", "plain", "secret", "authenticated"}; int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("Frame(%d)", uint8(f))
}

// MarshalText implements encoding.TextMarshaler.
func (f Frame) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Kind is what a packet says.
type Kind uint8

// Heartbeat says that a node is there, Goodbye that it is about to stop. They are the numbers on the wire.
const (
	Heartbeat Kind = 1
	Goodbye   Kind = 2
)

// String returns "heartbeat", "goodbye", or "none" for the zero value.
func (k Kind) String() string {
	if names := [...]string{"none", "heartbeat", "goodbye"}; int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// message is what a node says of itself, whatever the frame.
type message struct {
	kind     Kind
	node     string
	address  string        // authenticated frame only, as are those below
	sent     time.Time     // whole milliseconds
	interval time.Duration // whole milliseconds
}
