package strategy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// life is a core, and all that happened to it as a careful observer would write it down, to hold it to its promises.
type life struct {
	core *core
	now  time.Time

	dialing map[Name]bool
	forWhom map[Name]bool // the last dial was for a source that is no hearsay
	up      map[Name]Via
	cutting map[Name]bool
	let     map[Name]time.Time // when the last of the sources that are no hearsay stopped wanting it
}

var lifeSources = []Source{{Name: "dns"}, {Name: "k8s"}, {Name: "mesh", Hearsay: true}}

func newLife(t *rapid.T) *life {
	cfg := Config{
		Self: "self@h", Sources: lifeSources,
		Prune:      rapid.SampledFrom([]Prune{PruneNever, PruneLogOnly, PruneNow, PruneAfter(20 * time.Second)}).Draw(t, "prune"),
		MinMembers: rapid.IntRange(0, 3).Draw(t, "members"),
		Knobs:      Knobs{MaxDials: rapid.IntRange(1, 4).Draw(t, "dials"), MaxNodes: rapid.SampledFrom([]int{3, 100}).Draw(t, "nodes")},
	}
	cfg.Disconnector = DisconnectFunc(nil)
	return &life{
		core: newCore(cfg.complete(), func() float64 { return rapid.Float64Range(0, 0.999).Draw(t, "random") }),
		now:  time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),

		dialing: map[Name]bool{}, forWhom: map[Name]bool{}, up: map[Name]Via{}, cutting: map[Name]bool{}, let: map[Name]time.Time{},
	}
}

var lifeNames = []Name{"a@h", "b@h", "c@h", "d@h", "e@h", "self@h", "bad", "f@h"}

// wants returns whom a source wants.
func (l *life) wants(source string) map[Name]bool {
	all := map[Name]bool{}
	for name := range l.core.sources[source].wants {
		all[name] = true
	}
	return all
}

// trusted reports whether a source that is no hearsay wants name.
func (l *life) trusted(name Name) bool { return l.wants("dns")[name] || l.wants("k8s")[name] }

// step does one thing at random.
func (l *life) step(t *rapid.T) {
	l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 100, 1000, 10_000, 70_000}).Draw(t, "ms")) * time.Millisecond)
	source := rapid.SampledFrom(lifeSources).Draw(t, "source").Name
	name := rapid.SampledFrom(lifeNames).Draw(t, "name")
	switch rapid.SampledFrom([]string{"set", "set", "partial", "error", "come", "app", "claim", "down", "leave", "dial", "dial", "cut"}).Draw(t, "what") {
	case "set":
		l.set(t, source, nil)
	case "partial":
		l.set(t, source, errors.New("partial"))
	case "error":
		before := l.wants(source)
		l.core.sourceFailed(source, errors.New("down"), l.now)
		require.Equal(t, before, l.wants(source), "an error takes nobody away")
	case "come":
		l.comesUp(name, ViaPeer)
	case "app":
		l.comesUp(name, ViaApplication)
	case "claim":
		if l.up[name] == ViaDiscovery {
			l.up[name] = ViaApplication
			l.core.claimed(name)
		}
	case "down":
		l.goesDown(name)
	case "leave":
		l.core.leave(name, l.now)
	case "dial":
		l.landed(t)
	case "cut":
		l.cut(t)
	}
}

func (l *life) set(t *rapid.T, source string, partial error) {
	names := rapid.SliceOfN(rapid.SampledFrom(lifeNames), 0, len(lifeNames)).Draw(t, "names")
	before := l.wants(source)
	trusted := map[Name]bool{}
	for _, name := range lifeNames {
		trusted[name] = l.trusted(name)
	}
	doubted := l.core.sources[source].doubt
	l.core.set(source, Set{Nodes: Nodes("test", names...), Partial: partial}, l.now)
	after := l.wants(source)
	require.LessOrEqual(t, len(after), l.core.knobs.MaxNodes)
	distinct := map[Name]bool{}
	for _, name := range names {
		distinct[name] = true
	}
	little := len(before) > 0 && (len(distinct) == 0 || 2*min(len(distinct), l.core.knobs.MaxNodes) < len(before))
	if partial != nil || little && source != "mesh" && doubted == nil {
		for name := range before {
			require.True(t, after[name], "%s: %s is missing from an answer that is not to be believed", source, name)
		}
	}
	if l.core.knobs.MaxNodes > len(lifeNames) {
		for name := range distinct {
			require.True(t, after[name], "who is named is wanted at once")
		}
	}
	l.noteLetGo(trusted)
}

// noteLetGo writes down whom nobody wants any more.
func (l *life) noteLetGo(before map[Name]bool) {
	for _, name := range lifeNames {
		switch {
		case l.trusted(name):
			delete(l.let, name)
		case before[name]:
			l.let[name] = l.now
		}
	}
}

func (l *life) comesUp(name Name, via Via) {
	if _, ok := l.up[name]; ok || name == "bad" || name == "self@h" {
		return
	}
	l.up[name] = via
	l.core.cameUp(name, via, l.now)
}

func (l *life) goesDown(name Name) {
	delete(l.up, name)
	l.core.wentDown(name, l.now)
}

// landed ends one of the dials under way, well or badly.
func (l *life) landed(t *rapid.T) {
	if len(l.dialing) == 0 {
		return
	}
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(l.dialing))).Draw(t, "dialed")
	delete(l.dialing, name)
	var err error
	if rapid.Bool().Draw(t, "well") {
		l.comesUp(name, ViaDiscovery)
	} else {
		err = errors.New("refused")
	}
	l.core.dialed(name, err, l.now)
}

// cut carries out, or refuses, an order to disconnect.
func (l *life) cut(t *rapid.T) {
	if len(l.cutting) == 0 {
		return
	}
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(l.cutting))).Draw(t, "cut")
	delete(l.cutting, name)
	if rapid.Bool().Draw(t, "spared") {
		l.core.disconnected(name, errors.New("spared"), l.now)
		return
	}
	l.goesDown(name)
	l.core.disconnected(name, nil, l.now)
}

// tick has the core decide, and holds it to its promises.
func (l *life) tick(t *rapid.T) {
	trusted := map[Name]bool{}
	for _, name := range lifeNames {
		trusted[name] = l.trusted(name)
	}
	members := len(l.up)
	for name := range l.cutting {
		if _, ok := l.up[name]; ok {
			members--
		}
	}
	o := l.core.tick(l.now)
	l.noteLetGo(trusted) // a doubt may have been settled
	for _, node := range o.dial {
		l.mayDial(t, node.Name)
	}
	for _, name := range o.disconnect {
		l.mayCut(t, name)
		members--
		require.GreaterOrEqual(t, members, l.core.minMembers, "too few members")
	}
	require.LessOrEqual(t, len(l.dialing), l.core.knobs.MaxDials)
	require.Equal(t, len(l.dialing), l.core.dials)
	require.Equal(t, len(l.up), l.core.members)
	if !o.wake.IsZero() {
		require.True(t, o.wake.After(l.now), "asked again at once, for ever")
	}
	for _, s := range l.core.status(l.now) {
		require.NotEmpty(t, fmt.Sprint(s, l.core.explain(s.Node, l.now)))
	}
}

func (l *life) mayDial(t *rapid.T, name Name) {
	require.NotEqual(t, "self@h", name)
	require.NotEqual(t, "bad", name)
	require.False(t, l.dialing[name], "%s is being dialled", name)
	_, up := l.up[name]
	require.False(t, up, "%s is up", name)
	require.True(t, l.trusted(name) || l.wants("mesh")[name], "nobody wants %s", name)
	l.dialing[name], l.forWhom[name] = true, l.trusted(name)
}

func (l *life) mayCut(t *rapid.T, name Name) {
	via, up := l.up[name]
	require.True(t, up)
	require.Equal(t, ViaDiscovery, via, "%s is not ours to cut", name)
	require.True(t, l.forWhom[name], "other members brought %s", name)
	require.False(t, l.trusted(name), "%s is wanted", name)
	require.Positive(t, l.core.prune, "prune is never or log-only")
	require.False(t, l.cutting[name])
	since, ok := l.let[name]
	require.True(t, ok)
	if l.core.prune > PruneNow {
		require.GreaterOrEqual(t, l.now.Sub(since), time.Duration(l.core.prune))
	}
	l.cutting[name] = true
}

// TestRandomLives: whatever sources say and nodes do, and in whatever order, nobody is disconnected who came in, who is
// wanted or who was not brought by a source; errors and answers that are in part or suspect take nobody away; dials are
// capped and never go to ourselves, to who is up or to who is not wanted.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife(t)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			l.step(t)
			l.tick(t)
		}
	})
}
