package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// results are the figures of all rounds.
type results struct {
	release string
	rounds  int
	columns []string
	lines   []metric // in the order in which they came
	figures map[cell][]float64
	codec   codecs
}

type cell struct{ metric, column string }

func newResults(o options) *results {
	return &results{release: o.release, rounds: o.rounds, columns: o.columns, figures: map[cell][]float64{}}
}

func (r *results) add(w workload, column string, a, b int64) {
	for i, v := range w.values(a, b) {
		r.put(w.metrics[i], column, v)
	}
}

func (r *results) addMemory(column string, kb int) { r.put(memory(), column, float64(kb)/1024) }

func (r *results) put(m metric, column string, v float64) {
	if !slices.Contains(r.lines, m) {
		r.lines = append(r.lines, m)
	}
	c := cell{m.name, column}
	r.figures[c] = append(r.figures[c], v)
}

// ratio returns the ratio of the medians, and the least and greatest of single rounds.
func (r *results) ratio(m metric, column string) (ratio, least, most float64) {
	own, beam := r.figures[cell{m.name, column}], r.figures[cell{m.name, "beam"}]
	for i := range min(len(own), len(beam)) {
		v := own[i] / beam[i]
		if least == 0 || v < least {
			least = v
		}
		most = max(most, v)
	}
	return median(own) / median(beam), least, most
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// print prints the tables, in Markdown.
func (r *results) print(out io.Writer) {
	titles := []string{"workload", "BEAM, OTP " + r.release}
	for _, c := range r.columns[1:] {
		titles = append(titles, title(c))
	}
	row(out, append(titles, "to reach")...)
	row(out, slices.Repeat([]string{"---"}, len(titles)+1)...)
	for _, m := range r.lines {
		cells := []string{m.name, figure(median(r.figures[cell{m.name, "beam"}])) + " " + m.unit}
		for _, c := range r.columns[1:] {
			if len(r.figures[cell{m.name, c}]) == 0 {
				cells = append(cells, "-")
				continue
			}
			ratio, least, most := r.ratio(m, c)
			cells = append(cells, fmt.Sprintf("%.2f (%.2f to %.2f)", ratio, least, most))
		}
		row(out, append(cells, reach(m))...)
	}
	r.codec.print(out)
	fmt.Fprintf(out, "\n%d rounds; %d cores, %s/%s, %s\n", r.rounds, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func reach(m metric) string {
	if m.lower {
		return fmt.Sprintf("%g, less is better", m.target)
	}
	return fmt.Sprint(m.target)
}

func title(column string) string {
	switch column {
	case "c":
		return "C node"
	case "go":
		return "Go node"
	case "go1":
		return "Go node, GOMAXPROCS=1"
	case "gogo":
		return "two Go nodes"
	}
	return column
}

func row(out io.Writer, cells ...string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
