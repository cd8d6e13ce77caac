package strategy

import linked "container/list"

// How much is remembered of how many nodes and sources.
const (
	perSubject  = 32
	maxSubjects = 2048
)

// history has the last decisions on each node and source. What was not decided on for the longest time is forgotten first.
type history struct {
	subjects map[string]*linked.Element // of *record
	recent   linked.List                // the newest first
}

// record has the last decisions on one subject, the oldest first.
type record struct {
	subject   string
	decisions []Decision
}

// note adds d to what is known of subject. Dials of one node that fail again and again the same way are one entry.
func (h *history) note(subject string, d Decision) {
	r := h.open(subject)
	if n := len(r.decisions); n >= 2 && d.Kind == KindFailed && d.Times > 1 &&
		r.decisions[n-1].Kind == KindDialed && r.decisions[n-2].Kind == KindFailed {
		r.decisions = append(r.decisions[:n-2], d)
		return
	}
	if len(r.decisions) == perSubject {
		copy(r.decisions, r.decisions[1:])
		r.decisions = r.decisions[:perSubject-1]
	}
	r.decisions = append(r.decisions, d)
}

func (h *history) open(subject string) *record {
	if e, ok := h.subjects[subject]; ok {
		h.recent.MoveToFront(e)
		return e.Value.(*record)
	}
	if h.subjects == nil {
		h.subjects = make(map[string]*linked.Element)
	}
	if len(h.subjects) >= maxSubjects {
		oldest := h.recent.Remove(h.recent.Back()).(*record)
		delete(h.subjects, oldest.subject)
	}
	r := &record{subject: subject}
	h.subjects[subject] = h.recent.PushFront(r)
	return r
}

// of returns what is known of subject, the oldest first.
func (h *history) of(subject string) []Decision {
	if e, ok := h.subjects[subject]; ok {
		return append([]Decision(nil), e.Value.(*record).decisions...)
	}
	return nil
}
