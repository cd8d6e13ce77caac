package dist

import (
	"fmt"
	"slices"
	"time"

	"ergo.services/ergo/gen"
)

// fragments holds the messages of the peer of which not all fragments have come.
type fragments struct {
	max      int           // sequences at once
	maxBytes int           // in all of them
	maxAge   time.Duration // without a new fragment

	seqs  map[uint64]*sequence
	bytes int
}

// sequence is one message that comes in fragments.
type sequence struct {
	next  uint64     // the FragmentId that must come next; they count down to 1
	atoms []gen.Atom // of the header of the first, which later ones refer to as well
	data  []byte     // the control tuple and the message, as far as they have come
	last  time.Time  // when the latest came
}

func (f *fragments) has(seq uint64) bool { return f.seqs[seq] != nil }

// begin starts a sequence with its first fragment, of which it keeps a copy. id is 2 or more.
func (f *fragments) begin(seq, id uint64, atoms []gen.Atom, data []byte, now time.Time) error {
	switch {
	case id == 0:
		return fmt.Errorf("fragment 0 of sequence %d", seq)
	case len(f.seqs) >= f.max:
		return fmt.Errorf("%w: more than %d fragmented messages under way (Config.MaxFragments)", ErrLimit, f.max)
	}
	if err := f.room(len(data)); err != nil {
		return err
	}
	if f.seqs == nil {
		f.seqs = make(map[uint64]*sequence)
	}
	f.bytes += len(data)
	f.seqs[seq] = &sequence{next: id - 1, atoms: slices.Clone(atoms), data: slices.Clone(data), last: now}
	return nil
}

// add adds a fragment, and returns the sequence once that was the last one.
func (f *fragments) add(seq, id uint64, data []byte, now time.Time) (*sequence, error) {
	s := f.seqs[seq]
	switch {
	case s == nil:
		return nil, fmt.Errorf("fragment %d of sequence %d, which has not begun", id, seq)
	case id != s.next:
		return nil, fmt.Errorf("fragment %d of sequence %d where %d must come", id, seq, s.next)
	}
	if err := f.room(len(data)); err != nil {
		return nil, err
	}
	if free := cap(s.data) - len(s.data); free < len(data) {
		s.data = slices.Grow(s.data, max(len(data), len(s.data)))
	}
	s.data = append(s.data, data...)
	s.next, s.last = id-1, now
	if id > 1 {
		f.bytes += len(data)
		return nil, nil
	}
	f.bytes -= len(s.data) - len(data)
	delete(f.seqs, seq)
	return s, nil
}

func (f *fragments) room(n int) error {
	if n > f.maxBytes-f.bytes {
		return fmt.Errorf("%w: more than %d bytes in unfinished fragmented messages (Config.MaxFragmentBytes)", ErrLimit, f.maxBytes)
	}
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
