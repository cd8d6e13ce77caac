package dist

import (
	"log/slog"
	"time"

	"gonode/etf"
)

// Defaults of Config.
const (
	DefaultSendLimit        = 1 << 20
	DefaultPostLimit        = 64 << 20
	DefaultMaxFrame         = 128 << 20
	DefaultFragmentSize     = 64 << 10
	DefaultMaxFragments     = 16384
	DefaultMaxFragmentBytes = 512 << 20
	DefaultMaxFragmentAge   = 5 * time.Minute
	DefaultTickTime         = 60 * time.Second
	DefaultCloseTime        = time.Second
	DefaultReadBuffer       = 64 << 10
)

// Config is what a Conn is told by its user. The zero value works; a field that is zero has its default.
type Config struct {
	// Local is our own node, for the identifiers that cross the wire. With nil they cross as they are, and what
	// we send is not checked for senders that are not ours.
	Local *etf.Identity

	// SendLimit is how many bytes may wait to be written before Send waits, too (1 MiB; OTP's +zdbbl).
	SendLimit int

	// PostLimit is how many bytes may wait to be written before Post gives the link up (64 MiB).
	PostLimit int

	// MaxFrame is the largest frame taken from the peer, in bytes (128 MiB; Go peers send fragments of up to 1 MiB). Memory is
	// taken as the bytes arrive, not when the length does.
	MaxFrame int

	// FragmentSize is how many bytes of a large message go into one frame, if the peer takes fragments (64 KiB, as a BEAM's):
	// the least; on a link that takes more in half a millisecond it is that, up to 16 times as many.
	FragmentSize int

	// MaxFragments is how many fragmented messages the peer may have under way at once (16384).
	MaxFragments int

	// MaxFragmentBytes is how many bytes all fragmented messages under way may have together (512 MiB).
	MaxFragmentBytes int

	// MaxFragmentAge is how long a fragmented message may stay without its next fragment (5 minutes).
	MaxFragmentAge time.Duration

	// TickTime is how long the peer may be silent: the link is given up when nothing came for 7/8 of it to the
	// whole, and a tick is sent in each quarter in which nothing else was (60 s; OTP's net_ticktime, which has to be
	// about the same on both sides). Negative: no ticks and no time-out.
	TickTime time.Duration

	// CloseTime bounds how long Close may go on writing what was sent before it (1 s).
	CloseTime time.Duration

	// ReadBuffer is the size in bytes of the buffer for what arrives; it grows for larger frames (64 KiB).
	ReadBuffer int

	// Memory is where large messages gather. Nil: the link has one of its own.
	Memory *Memory

	// Limits bound the terms that arrive.
	Limits etf.Limits

	// Logger hears of missed ticks. Nil is silent.
	Logger *slog.Logger
}

// orDefault returns v, or def if v is not positive.
func orDefault[T int | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}

// withDefaults returns c with all fields set but Local and Limits. A TickTime of 0 then means none.
func (c Config) withDefaults() Config {
	c.SendLimit = orDefault(c.SendLimit, DefaultSendLimit)
	c.PostLimit = orDefault(c.PostLimit, DefaultPostLimit)
	c.MaxFrame = orDefault(c.MaxFrame, DefaultMaxFrame)
	c.FragmentSize = orDefault(c.FragmentSize, DefaultFragmentSize)
	c.MaxFragments = orDefault(c.MaxFragments, DefaultMaxFragments)
	c.MaxFragmentBytes = orDefault(c.MaxFragmentBytes, DefaultMaxFragmentBytes)
	c.MaxFragmentAge = orDefault(c.MaxFragmentAge, DefaultMaxFragmentAge)
	c.CloseTime = orDefault(c.CloseTime, DefaultCloseTime)
	c.ReadBuffer = max(orDefault(c.ReadBuffer, DefaultReadBuffer), 64)
	if c.Memory == nil {
		c.Memory = new(Memory)
	}
	switch {
	case c.TickTime == 0:
		c.TickTime = DefaultTickTime
	case c.TickTime < 0:
		c.TickTime = 0
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
