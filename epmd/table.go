package epmd

import (
	"cmp"
	"container/list"
	"maps"
	"slices"
	"time"
)

// maxRemembered bounds how many names that nobody holds any more are remembered for their creation, as epmd does.
const maxRemembered = 1000

// minCreation is the least creation: 0 is reserved, 1 to 3 are those of nodes that speak version 5.
const minCreation = 4

// entry is a name that is registered, or was.
type entry struct {
	node     Node
	id       uint64 // of the connection that holds it
	creation uint32
}

// table is who is registered, and who was. It knows no sockets, and locks nothing.
type table struct {
	live map[string]*entry
	old  map[string]*list.Element // of *entry, in forgetting
	line *list.List               // the names nobody holds, the longest unused first
}

func newTable() table {
	return table{live: map[string]*entry{}, old: map[string]*list.Element{}, line: list.New()}
}

// register gives the name to the connection id, unless another holds it. The creation of a new name is the time in
// seconds plus one; that of a remembered one is its last plus one.
func (t *table) register(n Node, id uint64, now time.Time) (creation uint32, ok bool) {
	if t.live[n.Name] != nil {
		return 0, false
	}
	creation = uint32(now.Unix())
	if e := t.old[n.Name]; e != nil {
		creation = e.Value.(*entry).creation
		t.line.Remove(e)
		delete(t.old, n.Name)
	}
	creation = max(creation+1, minCreation)
	t.live[n.Name] = &entry{node: n, id: id, creation: creation}
	return creation, true
}

// unregister takes the name away from the connection id, if it has it.
func (t *table) unregister(name string, id uint64) {
	e := t.live[name]
	if e == nil || e.id != id {
		return
	}
	delete(t.live, name)
	t.old[name] = t.line.PushBack(e)
	if t.line.Len() > maxRemembered {
		oldest := t.line.Remove(t.line.Front()).(*entry)
		delete(t.old, oldest.node.Name)
	}
}

// lookup returns who holds the name, or nil.
func (t *table) lookup(name string) *entry { return t.live[name] }

// active returns the names that are held, the newest first, as epmd lists them.
func (t *table) active() []entry {
	all := make([]entry, 0, len(t.live))
	for e := range maps.Values(t.live) {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(b.id, a.id) })
	return all
}

// unused returns the names that are remembered, the longest unused first.
func (t *table) unused() []entry {
	all := make([]entry, 0, t.line.Len())
	for e := t.line.Front(); e != nil; e = e.Next() {
		all = append(all, *e.Value.(*entry))
	}
	return all
}
