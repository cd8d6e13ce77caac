package dist

// Lanes keep the order of signals when large messages are sent in fragments: what a process sends while a message
// of it is under way stands behind that message in its lane, and everyone else's frames pass. What is in a lane
// does not use the atom cache, because it is written later than frames that were made after it.

// entry is one signal in a lane.
type entry struct {
	frame []byte // a whole frame or a first fragment; nil if it was written already
	seq   uint64 // of what follows it
	rest  rest   // to be sent in fragments
	size  int    // of a fragment
	buf   []byte // the buffer that some of rest is in, if it may be used again
}

// rest is what is left of a message: parts that lie apart, each of which is cut into fragments by itself. None is empty.
type rest struct {
	parts [][]byte
	bytes int
}

func (r *rest) add(part []byte) {
	if len(part) > 0 {
		r.parts = append(r.parts, part)
		r.bytes += len(part)
	}
}

// fragments returns how many fragments it takes.
func (r *rest) fragments(size int) (n uint64) {
	for _, part := range r.parts {
		n += (uint64(len(part)) + uint64(size) - 1) / uint64(size)
	}
	return n
}

// cut takes the next fragment.
func (r *rest) cut(size int) []byte {
	part := r.parts[0]
	k := min(size, len(part))
	r.parts[0] = part[k:]
	if k == len(part) {
		r.parts[0] = nil
		r.parts = r.parts[1:]
	}
	r.bytes -= k
	return part[:k]
}

// lane has the signals of one process that wait for their turn, the first of them under way.
type lane struct {
	from  fromKey
	queue []*entry
}

// lanes has all of them. The zero value works.
type lanes struct {
	of    map[fromKey]*lane
	order []*lane // whose turn it is, in a circle
	bytes int     // in all of them
	seq   uint64  // the last sequence that was given out
}

// piece is one frame out of a lane: a fragment, or a whole frame if id is 0.
type piece struct {
	seq, id uint64
	data    []byte
	last    []byte // the buffer of its message, if nothing else is left in it
}

// newSequence returns a number that no sequence under way has.
func (l *lanes) newSequence() uint64 {
	l.seq++
	return l.seq
}

// open makes the lane of a process that has none.
func (l *lanes) open(from fromKey) *lane {
	if l.of == nil {
		l.of = make(map[fromKey]*lane)
	}
	n := &lane{from: from}
	l.of[from] = n
	l.order = append(l.order, n)
	return n
}

func (l *lanes) push(n *lane, e *entry) {
	n.queue = append(n.queue, e)
	l.bytes += len(e.frame) + e.rest.bytes
}

// take appends pieces out of the lanes, one from each in turn, until they have max bytes.
func (l *lanes) take(pieces []piece, max int) []piece {
	for max > 0 && len(l.order) > 0 {
		n := l.order[0]
		l.order[0] = nil
		l.order = l.order[1:]
		p := n.pop()
		pieces = append(pieces, p)
		max -= len(p.data)
		l.bytes -= len(p.data)
		if len(n.queue) > 0 {
			l.order = append(l.order, n)
		} else {
			delete(l.of, n.from)
		}
	}
	return pieces
}

// pop takes the next piece of a lane, which is not empty.
func (n *lane) pop() (p piece) {
	e := n.queue[0]
	if e.frame != nil {
		p.data, e.frame = e.frame, nil
	} else {
		p.seq, p.id = e.seq, e.rest.fragments(e.size)
		p.data = e.rest.cut(e.size)
	}
	if e.rest.bytes == 0 {
		p.last = e.buf
		n.queue[0] = nil
		n.queue = n.queue[1:]
	}
	return p
}

// fragmentHead is the length of the head of a fragment that is not the first.
const fragmentHead = lenBytes + 2 + 8 + 8

// headLen returns how many bytes stand before the data.
func (p *piece) headLen() int {
	if p.id == 0 {
		return 0
	}
	return fragmentHead
}

// appendHead appends what stands before the data.
func (p *piece) appendHead(dst []byte) []byte {
	if p.id == 0 {
		return dst
	}
	start := len(dst)
	dst = appendFragmentHead(dst, headerFragNext, p.seq, p.id)
	_ = setLength(dst[start:], len(p.data)) // far below 4 GiB
	return dst
}
