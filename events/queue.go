package events

import "time"

// defaultBuffer is how many events wait for a reader before some are skipped.
const defaultBuffer = 1024

// queue holds what a reader has not read yet. It is not safe for concurrent use; its owner is a Subscription.
//
// When it is full, what is in it is coalesced for every node. Since NodeUp and NodeDown of a node alternate, the first
// event of a node that is queued tells what the reader believes of it, and the last one what is true. If they agree in
// kind the last is enough. [down ... up] is kept as the last down and the last up, [up ... down] is nothing at all. So at
// most two events a node remain, the reader sees ups and downs in turn all the same, and nodes that came and went unseen
// take no room.
type queue struct {
	events []Event
	head   int // events[:head] are read
	limit  int // coalesce at this length

	buffer  int     // what limit is when there are few nodes
	skipped Skipped // not told to the reader yet; Count 0 is none
	dropped uint64  // skipped in all
}

func newQueue(buffer int) queue { return queue{buffer: buffer, limit: buffer} }

func (q *queue) len() int { return len(q.events) - q.head }

// push appends ev, and coalesces if the queue is full.
func (q *queue) push(ev Event) {
	if q.head > len(q.events)/2 { // more than half is read: move the rest, so that the slice does not grow for ever
		q.shift()
	}
	q.events = append(q.events, ev)
	if q.len() > q.limit {
		q.shift()
		q.coalesce()
		// With more nodes than the buffer holds the limit grows with them, which also keeps the cost of coalescing in
		// proportion to what is pushed.
		q.limit = max(q.buffer, 2*len(q.events))
	}
}

// pop removes the oldest event; a note of what was skipped comes first.
func (q *queue) pop() (Event, bool) {
	if q.skipped.Count > 0 {
		ev := q.skipped
		q.skipped = Skipped{}
		return ev, true
	}
	if q.len() == 0 {
		return nil, false
	}
	ev := q.events[q.head]
	q.events[q.head] = nil
	q.head++
	if q.len() == 0 {
		// A queue that had to grow for a reader that then caught up gives the memory back.
		q.events, q.head, q.limit = nil, 0, q.buffer
	}
	return ev, true
}

func (q *queue) shift() {
	n := copy(q.events, q.events[q.head:])
	clear(q.events[n:])
	q.events, q.head = q.events[:n], 0
}

// span is what the queue holds of one node, by index.
type span struct {
	firstUp          bool // the reader believes that the node is down
	lastUp, lastDown int  // -1 is none
}

// keeps reports whether the event at i survives.
func (s *span) keeps(i int) bool {
	switch {
	case s.lastUp > s.lastDown: // the node is up
		return i == s.lastUp || i == s.lastDown && !s.firstUp
	default:
		return i == s.lastDown && !s.firstUp
	}
}

// coalesce keeps of every node what its reader must know; head is 0.
func (q *queue) coalesce() {
	spans := make(map[string]*span)
	for i, ev := range q.events {
		node, up, ok := change(ev)
		if !ok {
			continue
		}
		s := spans[node]
		if s == nil {
			s = &span{firstUp: up, lastUp: -1, lastDown: -1}
			spans[node] = s
		}
		if up {
			s.lastUp = i
		} else {
			s.lastDown = i
		}
	}
	kept := q.events[:0]
	for i, ev := range q.events {
		if node, _, ok := change(ev); ok && !spans[node].keeps(i) {
			q.skip(ev)
			continue
		}
		kept = append(kept, ev)
	}
	clear(q.events[len(kept):])
	q.events = kept
}

// skip counts ev as one the reader does not get.
func (q *queue) skip(ev Event) {
	seq, at := stamp(ev)
	if seq > q.skipped.Seq {
		q.skipped.Seq, q.skipped.Time = seq, at
	}
	q.skipped.Count++
	q.dropped++
}

// change tells which node's state ev is about; ok is false if it is about none.
func change(ev Event) (node string, up, ok bool) {
	switch ev := ev.(type) {
	case NodeUp:
		return ev.Node, true, true
	case NodeDown:
		return ev.Node, false, true
	}
	return "", false, false
}

func stamp(ev Event) (uint64, time.Time) {
	switch ev := ev.(type) {
	case NodeUp:
		return ev.Seq, ev.Time
	case NodeDown:
		return ev.Seq, ev.Time
	}
	return 0, time.Time{}
}

// clear forgets all that is not read.
func (q *queue) clear() { q.events, q.head, q.skipped = nil, 0, Skipped{} }
