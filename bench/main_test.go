package main

import (
	"bytes"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	require.Equal(t, 0.0, median(nil))
	require.Equal(t, 2.0, median([]float64{9, 1, 2}))
	require.Equal(t, 3.0, median([]float64{9, 1, 2, 4}))
}

func TestTable(t *testing.T) {
	o, err := parse([]string{"-peers", "c,go"})
	require.NoError(t, err)
	r := newResults(o)
	w := workloads()
	for i := range int64(3) {
		r.add(w[0], "beam", 10_000, 20_000)
		r.add(w[0], "go", 5_000+i*1000, 40_000)
		r.add(w[1], "beam", 200_000, 1e9)
		r.add(w[1], "go", 200_000, 5e8)
		r.add(w[1], "c", 200_000, 1e9)
		r.addMemory("beam", 2048)
		r.addMemory("go", 1024)
	}
	var out bytes.Buffer
	r.print(&out)
	table, foot, _ := strings.Cut(out.String(), "\n\n")
	require.Regexp(t, `^5 rounds; \d+ cores, \w+/\w+, go`, foot)
	require.Equal(t, `| workload | BEAM, OTP 25 | C node | Go node | to reach |
| --- | --- | --- | --- | --- |
| round trip p50 | 10.0 us | - | 0.60 (0.50 to 0.70) | 0.85, less is better |
| round trip p99 | 20.0 us | - | 2.00 (2.00 to 2.00) | 0.5, less is better |
| small messages in | 200 k/s | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | 2.5 |
| peak memory | 2.00 MiB | - | 0.50 (0.50 to 0.50) | 0.5, less is better |`, table)
}

// The driver and the table have the same functions, and so has the Go driver, whose test is its own.
func TestFunctions(t *testing.T) {
	for _, w := range workloads() {
		require.Contains(t, string(erlangSource), "\n"+w.function+"(Peer, N) ->", w.function)
	}
	for _, name := range codecTerms() {
		require.Contains(t, string(erlangSource), "\nterm("+name+") ->", name)
	}
}

func TestCodec(t *testing.T) {
	var m codec
	require.NoError(t, m.ours([]byte{131, 104, 2, 119, 1, 'a', 97, 1}, 1))
	require.Len(t, m.encode, 1)
	require.Positive(t, m.decode[0])
	require.Error(t, m.ours([]byte{131, 104, 2}, 1))
}

func TestPeakMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // there is no /proc
	}
	kb, err := peakMemory(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, kb, 1000)
	_, err = peakMemory(-1)
	require.Error(t, err)
}

func TestFigure(t *testing.T) {
	require.Equal(t, []string{"1234", "100", "12.3", "1.23", "0.01"},
		[]string{figure(1234.4), figure(99.96), figure(12.34), figure(1.234), figure(0.011)})
	require.Regexp(t, regexp.MustCompile(`^ +100 k/s  in 2s$`), workloads()[1].show(200_000, 2e9))
}
