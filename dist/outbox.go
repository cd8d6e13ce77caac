package dist

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unsafe"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// outbox turns signals into frames and keeps them until they are written: the sending half of a link without its socket.
// It is guarded by the lock of its Conn, since the atom cache demands that headers are written in the order in which they
// were made.
type outbox struct {
	flags Flags
	local *etf.Identity
	peer  Hello
	least int     // Config.FragmentSize
	size  int     // of a fragment: its part of the control tuple and the message
	rate  float64 // bytes a nanosecond that the link takes; 0 if that is not known

	control controlEncoder
	atoms   *atomsOut // nil if the peer does not know the cache

	buf      []byte // whole frames, ready to be written
	inflight int    // bytes that were taken and are being written
	guess    int    // how many bytes stood before the terms of the last frame
	head     []byte // scratch
	spares   [][]byte
	wasted   int // writes in a row that did not need their large buffer

	lanes lanes

	signals uint64
}

func newOutbox(r Result, cfg Config) *outbox {
	o := &outbox{flags: r.Flags, local: cfg.Local, peer: r.Peer, least: cfg.FragmentSize, size: cfg.FragmentSize, guess: 16}
	o.control.terms = etf.Encoder{
		Local: cfg.Local, SmallIDs: !r.Flags.Has(FlagV4NC), Ports64: r.Flags.Has(FlagV4NC),
		NoRecords: !r.Flags.Has(FlagNativeRecords), OneZero: !r.Flags.Has(FlagAltactSig), Peer: r.Peer.Name,
	}
	if r.Flags.Has(FlagDistHdrAtomCache) {
		o.atoms = new(atomsOut)
		o.control.terms.Atoms = o.atoms
	}
	return o
}

// pending returns how many bytes are not written yet.
func (o *outbox) pending() int { return len(o.buf) + o.lanes.bytes + o.inflight }

// add encodes s at the end of what is pending. After an error everything is as before.
func (o *outbox) add(s *Signal) error {
	op, err := o.choose(s)
	if err != nil {
		return err
	}
	lane := o.lanes.of[s.From]
	start := len(o.buf)
	large, err := o.encode(op, s, o.atoms != nil && lane == nil)
	if err != nil {
		o.buf = o.buf[:start]
		return err
	}
	o.signals++
	switch {
	case lane != nil:
		o.divert(lane, start, large)
	case large != nil:
		o.lanes.push(o.lanes.open(s.From), large)
	}
	return nil
}

// divert moves what stands from start on into a lane, and what is still to come of it, which may be nil: its turn comes after
// the fragments that are under way.
func (o *outbox) divert(to *lane, start int, large *entry) {
	if large == nil {
		large = new(entry)
	}
	large.frame = bytes.Clone(o.buf[start:])
	o.buf = o.buf[:start]
	o.lanes.push(to, large)
}

// encode appends s as one frame and returns nil, or as the first fragment of a large message, whose other fragments it
// returns. cache tells to use the atom cache, for which the frame has to be written before any that is made later.
func (o *outbox) encode(op *operation, s *Signal, cache bool) (large *entry, err error) {
	if !hasHeader(o.flags) {
		return nil, o.encodePassThrough(op, s)
	}
	var refs []headerRef
	if cache {
		o.atoms.begin()
		o.control.terms.Atoms = o.atoms
	} else {
		o.control.terms.Atoms = nil
	}
	start := len(o.buf)
	o.buf = append(o.buf, blank[:o.guess]...)
	body := len(o.buf)
	if o.buf, err = o.control.appendControl(o.buf, op, s); err != nil {
		return nil, err
	}
	split := len(o.buf)
	if err = o.appendMessage(op, s); err != nil {
		return nil, err
	}
	if cache {
		refs = o.atoms.refs
	}
	if o.mayFragment(op) && (len(o.buf)-body > o.least || len(o.control.terms.Spliced) > 0) {
		large = o.firstFragment(body, split, refs)
	} else if err = o.wholeFrame(body, refs); err != nil {
		return nil, err
	}
	if cache {
		o.atoms.commit()
	}
	o.setHead(start, body)
	return large, nil
}

// blank is what is put where the head of a frame will stand, before its size is known.
var blank [64]byte

// appendMessage appends the message of s, if it has one. Strings that fill a fragment stay where they are if it may go in
// fragments.
func (o *outbox) appendMessage(op *operation, s *Signal) (err error) {
	terms := &o.control.terms
	clear(terms.Spliced)
	terms.Spliced = terms.Spliced[:0]
	if !op.payload {
		return nil
	}
	if o.mayFragment(op) {
		terms.Splice = o.least
	}
	o.buf, err = terms.AppendTerm(o.buf, s.Message)
	terms.Splice = 0
	if err != nil {
		return fmt.Errorf("%s: %w", s.Kind, err)
	}
	return nil
}

// wholeFrame makes the head of a frame that has the whole signal.
func (o *outbox) wholeFrame(body int, refs []headerRef) error {
	o.head = append(o.head[:0], 0, 0, 0, 0, versionByte, headerNormal)
	o.head = appendHeader(o.head, refs)
	return setLength(o.head, len(o.buf)-body)
}

// firstFragment makes the head of a first fragment, and takes the rest of the message out of the buffer: large strings stay
// where they are, and of what is in the buffer the shorter is copied, the rest or what stands before it.
func (o *outbox) firstFragment(body, split int, refs []headerRef) *entry {
	end := min(body+max(o.least, split-body), len(o.buf))
	spliced := o.control.terms.Spliced
	if len(spliced) > 0 {
		end = min(end, spliced[0].At)
	}
	e := &entry{seq: o.lanes.newSequence(), size: o.size}
	tail := o.buf[end:]
	if end < len(tail) {
		e.buf = o.buf
		o.buf = append(o.buffer(), o.buf[:end]...)
	} else {
		tail = bytes.Clone(tail)
		o.buf = o.buf[:end]
	}
	at := end
	for _, s := range spliced {
		e.rest.add(tail[:s.At-at])
		e.rest.add(unsafe.Slice(unsafe.StringData(s.Text), len(s.Text))) // nobody writes to it
		tail, at = tail[s.At-at:], s.At
	}
	e.rest.add(tail)
	o.head = appendFragmentHead(o.head[:0], headerFragFirst, e.seq, 1+e.rest.fragments(e.size))
	o.head = appendHeader(o.head, refs)
	_ = setLength(o.head, end-body) // far below 4 GiB
	return e
}

// mayFragment reports whether a message may go in fragments.
func (o *outbox) mayFragment(op *operation) bool { return op.payload && o.flags.Has(FlagFragments) }

// appendFragmentHead appends a length, still 0, and the head of a fragment.
func appendFragmentHead(dst []byte, tag byte, seq, id uint64) []byte {
	dst = append(dst, 0, 0, 0, 0, versionByte, tag)
	dst = binary.BigEndian.AppendUint64(dst, seq)
	return binary.BigEndian.AppendUint64(dst, id)
}

// setLength sets the length of a frame in its head, behind which n bytes will stand.
func setLength(head []byte, n int) error {
	n += len(head) - lenBytes
	if uint64(n) > math.MaxUint32 {
		return fmt.Errorf("%w: its %d bytes do not fit a frame, and the peer does not take fragments", ErrSignal, n)
	}
	binary.BigEndian.PutUint32(head, uint32(n))
	return nil
}

// setHead puts the head where room was left for it, and moves what stands behind if it was not the right amount.
func (o *outbox) setHead(start, body int) {
	if more := len(o.head) - (body - start); more != 0 {
		end := len(o.buf)
		if more > 0 {
			o.buf = append(o.buf, o.head[:more]...)
		}
		copy(o.buf[body+more:], o.buf[body:end])
		o.buf = o.buf[:end+more]
	}
	copy(o.buf[start:], o.head)
	o.guess = min(len(o.head), len(blank))
}

// encodePassThrough appends s as a frame without a header: 112, and then terms that each have a version byte.
func (o *outbox) encodePassThrough(op *operation, s *Signal) (err error) {
	start := len(o.buf)
	o.buf = append(o.buf, 0, 0, 0, 0, passThrough, versionByte)
	if o.buf, err = o.control.appendControl(o.buf, op, s); err != nil {
		return err
	}
	if op.payload {
		o.buf = append(o.buf, versionByte)
		if err = o.appendMessage(op, s); err != nil {
			return err
		}
	}
	return setLength(o.buf[start:], 0)
}

// take moves what is to be written next into b, which was released: the frames that are ready, and fragments in turn, up
// to some amount. It counts as pending until wrote is called.
func (o *outbox) take(b *batch) {
	if len(o.buf) > 0 {
		b.frames, o.buf = o.buf, o.buffer()
	}
	b.pieces = o.lanes.take(b.pieces, gatherFragments*o.least)
	b.size = len(b.frames)
	for i := range b.pieces {
		b.size += b.pieces[i].headLen() + len(b.pieces[i].data)
	}
	o.inflight = b.size
}

// wrote notes that what take has handed over is written, and how long it took; 0 if that tells nothing.
func (o *outbox) wrote(b *batch, took time.Duration) {
	if took > 0 && b.size >= o.least {
		o.learn(float64(b.size) / float64(took))
	}
	o.inflight = 0
	b.release(o)
}

// A fragment is as large as what the link takes in fragmentTime, within bounds: so long has what is sent meanwhile to wait
// for it. The larger it is, the less it costs here and there; a BEAM's are of the least size.
const (
	fragmentTime   = 500 * time.Microsecond
	fragmentGrowth = 16 // times the least size: 1 MiB
	rateWeight     = 8  // of what was known, against what was measured now
)

// learn takes the rate of the last write.
func (o *outbox) learn(rate float64) {
	if o.rate > 0 {
		rate = o.rate + (rate-o.rate)/rateWeight
	}
	o.rate = rate
	o.size = int(min(max(rate*float64(fragmentTime), float64(o.least)), float64(fragmentGrowth*o.least)))
}

// gatherFragments is how many fragments of the least size go into one write at most, or one that is larger, so that neither
// what is sent meanwhile nor a sender that waits for room has to wait for long.
const gatherFragments = 8

// fromKey is what keeps signals in order: the process they come from.
type fromKey = gen.PID
