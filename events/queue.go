package events

import "time"

// DefaultBuffer is how many events wait for a reader before some are skipped, unless Buffer says otherwise.
const DefaultBuffer = 1024

// queue holds what a reader has not read yet. It is not safe for concurrent use; its owner is a Subscription.
//
// What the subscription began with, up to Synced, is kept whole. When there is too much besides, the events of discovery
// go, and if the rest is more than half of what may wait, it is coalesced for every node. Since NodeUp and NodeDown of a node alternate, the first event of a node that is queued tells what the
// reader believes of it, and the last one what is true. If they agree in kind the last is enough. [down ... up] is kept
// as the last down and the last up, [up ... down] is nothing at all. So at most two events a node remain, the reader sees
// ups and downs in turn all the same, and nodes that came and went unseen take no room.
type queue struct {
	events  []Event
	head    int // events[:head] are read
	initial int // how many of the unread ones the subscription began with
	limit   int // coalesce when there are more besides those

	buffer  int     // what limit is when there are few nodes
	skipped Skipped // not told to the reader yet; Count 0 is none
	dropped uint64  // skipped in all
}

func newQueue(buffer int) queue { return queue{buffer: buffer, limit: buffer} }

func (q *queue) len() int { return len(q.events) - q.head }

// begin appends ev as one of those that the subscription begins with.
func (q *queue) begin(ev Event) {
	q.events = append(q.events, ev)
	q.initial++
}

// push appends ev, and coalesces if there is too much.
func (q *queue) push(ev Event) {
	if q.head > len(q.events)/2 { // more than half is read: move the rest, so that the slice does not grow for ever
		q.shift()
	}
	q.events = append(q.events, ev)
	if q.len()-q.initial > q.limit {
		q.shift()
		q.thin()
		if len(q.events)-q.initial > q.buffer/2 {
			q.coalesce()
		}
		// With more nodes than the buffer holds the limit grows with them, which also keeps the cost of coalescing in
		// proportion to what is pushed.
		q.limit = max(q.buffer, 2*(len(q.events)-q.initial))
	}
}

// pop removes the oldest event. A note of what was skipped comes before the first event that was in danger of it.
func (q *queue) pop() (Event, bool) {
	if q.initial == 0 && q.skipped.Count > 0 {
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
	q.initial = max(q.initial-1, 0)
	if q.len() == 0 {
		// A queue that had to grow for a reader that then caught up gives the memory back.
		q.events, q.head, q.limit = nil, 0, q.buffer
	}
	return ev, true
}

// clear forgets all that is not read.
func (q *queue) clear() { q.events, q.head, q.initial, q.skipped = nil, 0, 0, Skipped{} }

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
	if s.lastUp > s.lastDown { // the node is up
		return i == s.lastUp || i == s.lastDown && !s.firstUp
	}
	return i == s.lastDown && !s.firstUp
}

// thin drops the events of discovery; head is 0.
func (q *queue) thin() {
	live := q.events[q.initial:]
	kept := live[:0]
	for _, ev := range live {
		if ofDiscovery(ev) {
			q.skip(ev)
		} else {
			kept = append(kept, ev)
		}
	}
	clear(live[len(kept):])
	q.events = q.events[:q.initial+len(kept)]
}

// coalesce keeps of every node what its reader must know; head is 0.
func (q *queue) coalesce() {
	live := q.events[q.initial:]
	spans := make(map[string]*span)
	for i, ev := range live {
		node, up := change(ev)
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
	kept := live[:0]
	for i, ev := range live {
		if node, _ := change(ev); spans[node].keeps(i) {
			kept = append(kept, ev)
		} else {
			q.skip(ev)
		}
	}
	clear(live[len(kept):])
	q.events = q.events[:q.initial+len(kept)]
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

// change tells which node a NodeUp or NodeDown is about.
func change(ev Event) (node string, up bool) {
	switch ev := ev.(type) {
	case NodeUp:
		return ev.Node, true
	case NodeDown:
		return ev.Node, false
	}
	return "", false
}

func stamp(ev Event) (uint64, time.Time) {
	switch ev := ev.(type) {
	case NodeUp:
		return ev.Seq, ev.Time
	case NodeDown:
		return ev.Seq, ev.Time
	case Decision:
		return ev.Seq, ev.Time
	case StrategyFailed:
		return ev.Seq, ev.Time
	case StrategyRecovered:
		return ev.Seq, ev.Time
	}
	return 0, time.Time{}
}
