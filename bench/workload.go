package main

import (
	"fmt"
	"time"
)

// workload is a function of gonode_bench.erl.
type workload struct {
	function string
	n        int      // how much to do, for some tenths of a second
	metrics  []metric // of the two numbers that it returns: P50 and P99, or one for the rate
}

// metric is a line of the table.
type metric struct {
	name   string
	unit   string
	lower  bool    // less is better
	target float64 // ratio to the BEAM's figure
}

func workloads() []workload {
	return []workload{
		{"round_trip", 5000, []metric{
			{"round trip p50", "us", true, 0.85},
			{"round trip p99", "us", true, 0.5},
		}},
		{"small_in", 200_000, []metric{{"small messages in", "k/s", false, 2.5}}},
		{"small_out", 200_000, []metric{{"small messages out", "k/s", false, 2.5}}},
		{"echo_atom", 1000, []metric{{"64 echo an atom", "k/s", false, 1.2}}},
		{"echo_term", 60, []metric{{"64 echo 50 maps", "k/s", false, 1.1}}},
		{"binary_in", 300, []metric{{"1 MiB binaries in", "MiB/s", false, 1.5}}},
		{"binary_out", 300, []metric{{"1 MiB binaries out", "MiB/s", false, 1.5}}},
	}
}

// memory is the metric that belongs to no workload: of the whole round.
func memory() metric { return metric{"peak memory", "MiB", true, 0.5} }

// values turns the two numbers of a workload into those of its metrics.
func (w workload) values(a, b int64) []float64 {
	if len(w.metrics) == 2 {
		return []float64{float64(a) / 1e3, float64(b) / 1e3}
	}
	rate := float64(a) / time.Duration(b).Seconds()
	if w.metrics[0].unit == "k/s" {
		rate /= 1000
	}
	return []float64{rate}
}

func (w workload) show(a, b int64) string {
	s := ""
	for i, v := range w.values(a, b) {
		s += fmt.Sprintf(" %8s %s", figure(v), w.metrics[i].unit)
	}
	if len(w.metrics) == 1 {
		s += fmt.Sprintf("  in %v", time.Duration(b).Round(time.Millisecond))
	}
	return s
}

// figure prints v with three digits.
func figure(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
