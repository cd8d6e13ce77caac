package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"gonode/etf"
	"gonode/integration/beam"
)

// codecs has the figures of the codec by term.
type codecs map[string]*codec

// codec has the nanoseconds of the rounds for one term, and the allocations of one operation.
type codec struct {
	size                       int
	encode, decode             []float64 // ours
	beamEncode, beamDecode     []float64
	encodeAllocs, decodeAllocs float64
}

// codecTerms are names for term/1 of gonode_bench.erl.
func codecTerms() []string { return []string{"tick", "call", "map", "maps", "ints", "mib"} }

// measure measures each term on the BEAM and here, for a time each way.
func (c *codecs) measure(ctx context.Context, driver *beam.Node, each time.Duration) error {
	if *c == nil {
		*c = codecs{}
	}
	for _, name := range codecTerms() {
		b, err := driver.QueryTerm(ctx, fmt.Sprintf("gonode_bench:codec(%s, %d)", name, each.Milliseconds()))
		if err != nil {
			return err
		}
		var theirs struct {
			_              struct{} `etf:"tuple"`
			Bytes          []byte
			Encode, Decode float64
		}
		answer, err := etf.Decode(b)
		if err != nil {
			return err
		}
		if err := etf.Unmarshal(answer, &theirs); err != nil {
			return err
		}
		if (*c)[name] == nil {
			(*c)[name] = &codec{size: len(theirs.Bytes)}
		}
		m := (*c)[name]
		m.beamEncode = append(m.beamEncode, theirs.Encode)
		m.beamDecode = append(m.beamDecode, theirs.Decode)
		if err := m.ours(theirs.Bytes, each); err != nil {
			return fmt.Errorf("term %s: %w", name, err)
		}
	}
	return nil
}

// ours measures the codec as a link uses it: a Decoder that keeps atoms, an Encoder that appends to one buffer.
func (m *codec) ours(b []byte, each time.Duration) error {
	d := etf.Decoder{Intern: true}
	term, err := d.Decode(b)
	if err != nil {
		return err
	}
	var e etf.Encoder
	var out []byte
	encode, encodeAllocs := perOp(each, func() { out, err = e.AppendTerm(out[:0], term) })
	if err != nil {
		return err
	}
	decode, decodeAllocs := perOp(each, func() { _, err = d.Decode(b) })
	m.encode, m.decode = append(m.encode, encode), append(m.decode, decode)
	m.encodeAllocs, m.decodeAllocs = encodeAllocs, decodeAllocs
	return err
}

// perOp returns the nanoseconds and the allocations that f takes, over at least enough time.
func perOp(enough time.Duration, f func()) (ns, allocs float64) {
	f()
	runtime.GC()
	var before, after runtime.MemStats
	for n := 1; ; n *= 2 {
		runtime.ReadMemStats(&before)
		begin := time.Now()
		for range n {
			f()
		}
		took := time.Since(begin)
		if took >= enough {
			runtime.ReadMemStats(&after)
			return float64(took) / float64(n), float64((after.Mallocs - before.Mallocs) / uint64(n))
		}
	}
}

func (c codecs) print(out io.Writer) {
	if len(c) == 0 {
		return
	}
	fmt.Fprintln(out)
	row(out, "term", "bytes", "term_to_binary", "etf encodes", "binary_to_term", "etf decodes")
	row(out, slices.Repeat([]string{"---"}, 6)...)
	for _, name := range codecTerms() {
		m := c[name]
		row(out, name, fmt.Sprint(m.size),
			figure(median(m.beamEncode))+" ns", m.show(m.encode, m.beamEncode, m.encodeAllocs),
			figure(median(m.beamDecode))+" ns", m.show(m.decode, m.beamDecode, m.decodeAllocs))
	}
}

func (m *codec) show(own, beam []float64, allocs float64) string {
	return fmt.Sprintf("%s ns, %.2f of it, %.0f allocs", figure(median(own)), median(own)/median(beam), allocs)
}
