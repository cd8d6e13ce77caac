package dist

// Stats are the counters of a Conn since it was made.
type Stats struct {
	BytesIn, BytesOut     uint64 // on the socket, ticks and lengths included
	SignalsIn, SignalsOut uint64 // whole signals handed over and queued; ticks and fragments do not count
	TicksIn, TicksOut     uint64
	Pending               int // bytes that wait to be written
}

// Stats returns the counters, each right by itself; together they may be of slightly different moments.
func (c *Conn) Stats() Stats {
	s := Stats{
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		SignalsIn: c.signalsIn.Load(),
		TicksIn:   c.ticksIn.Load(), TicksOut: c.ticksOut.Load(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.SignalsOut, s.Pending = c.out.signals, c.out.pending()
	return s
}
