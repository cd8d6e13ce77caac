package dist

import (
	"fmt"
	"slices"
	"time"
)

// maxHeadStart is how much memory a sequence gets at most before its bytes have come: what the whole message will take, as
// far as the first fragment tells.
const maxHeadStart = 2 << 20

// fragments holds the messages of the peer of which not all fragments have come.
type fragments struct {
	max      int           // sequences at once
	maxBytes int           // memory of all of them
	maxAge   time.Duration // without a new fragment
	memory   *Memory

	seqs  map[uint64]*sequence
	bytes int
}

// sequence is one message that comes in fragments.
type sequence struct {
	next  uint64    // the FragmentId that must come next; they count down to 1
	atoms []any     // of the header of the first, which later ones refer to as well
	data  []byte    // the control tuple and the message, as far as they have come
	last  time.Time // when the latest came
}

func (f *fragments) has(seq uint64) bool { return f.seqs[seq] != nil }

// begin starts a sequence with its first fragment, of which it keeps a copy. id is 2 or more.
func (f *fragments) begin(seq, id uint64, atoms []any, data []byte, now time.Time) error {
	switch {
	case id == 0:
		return fmt.Errorf("fragment 0 of sequence %d", seq)
	case len(f.seqs) >= f.max:
		return fmt.Errorf("%w: more than %d fragmented messages under way (Config.MaxFragments)", ErrLimit, f.max)
	}
	s := &sequence{next: id - 1, atoms: slices.Clone(atoms), last: now}
	start := min(id, maxHeadStart) * uint64(min(len(data), maxHeadStart))
	if err := f.reserve(s, len(data), int(min(start, maxHeadStart))); err != nil {
		return err
	}
	s.data = append(s.data, data...)
	if f.seqs == nil {
		f.seqs = make(map[uint64]*sequence)
	}
	f.seqs[seq] = s
	return nil
}

// extend makes room for a fragment of n bytes and returns it: once it is filled, extended is to be called.
func (f *fragments) extend(seq, id uint64, n int, now time.Time) ([]byte, error) {
	s := f.seqs[seq]
	switch {
	case s == nil:
		return nil, fmt.Errorf("fragment %d of sequence %d, which has not begun", id, seq)
	case id != s.next:
		return nil, fmt.Errorf("fragment %d of sequence %d where %d must come", id, seq, s.next)
	}
	have := len(s.data)
	more := min(id, maxHeadStart) * uint64(min(n, maxHeadStart))
	if err := f.reserve(s, have+n, max(2*have, have+int(min(more, maxHeadStart)))); err != nil {
		return nil, err
	}
	s.data = s.data[:have+n]
	s.last = now
	return s.data[have:], nil
}

// extended ends what extend has begun, and returns the sequence if that was its last fragment.
func (f *fragments) extended(seq uint64) *sequence {
	s := f.seqs[seq]
	s.next--
	if s.next > 0 {
		return nil
	}
	f.bytes -= cap(s.data)
	delete(f.seqs, seq)
	return s
}

// reserve gives s memory for need bytes; if it has to be moved for that, for want bytes, as far as the limit allows.
func (f *fragments) reserve(s *sequence, need, want int) error {
	free := f.maxBytes - f.bytes
	old := cap(s.data)
	switch {
	case need <= old:
		return nil
	case need-old > free:
		return fmt.Errorf("%w: more than %d bytes in unfinished fragmented messages (Config.MaxFragmentBytes)", ErrLimit, f.maxBytes)
	}
	most := old + free
	data := append(f.memory.lend(min(max(need, want), most), most), s.data...)
	f.memory.Recycle(s.data)
	f.bytes += cap(data) - old
	s.data = data
	return nil
}

// expire fails if a sequence has been without a new fragment for too long.
func (f *fragments) expire(now time.Time) error {
	for seq, s := range f.seqs {
		if age := now.Sub(s.last); age > f.maxAge {
			return &FrameError{Err: fmt.Errorf("%w: no fragment of sequence %d for %v, %d are missing (Config.MaxFragmentAge)",
				ErrLimit, seq, age.Round(time.Second), s.next)}
		}
	}
	return nil
}
