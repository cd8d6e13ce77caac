package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/events"
)

func TestCondition(t *testing.T) {
	a, b := events.NodeUp{Node: "a@h"}, events.NodeUp{Node: "b@h"}
	gone, synced := events.NodeDown{Node: "a@h"}, events.Synced{}
	for _, tt := range []struct {
		text   string
		events []events.Event
		met    int // by which event, counted from 1; 0 by none
	}{
		{"members>=2", []events.Event{synced, a, b}, 3},
		{"members >= 2", []events.Event{a, b, synced}, 3},
		{"members=1", []events.Event{a, b, synced, gone}, 4},
		{"members==0", []events.Event{synced}, 1},
		{"members<1", []events.Event{a, synced, gone}, 3},
		{"members<=1", []events.Event{a, synced}, 2},
		{"members>1", []events.Event{a, synced}, 0},
		{"members!=1", []events.Event{a, synced, b}, 3},
		{"up b@h", []events.Event{a, synced, b}, 3},
		{"down a@h", []events.Event{a, synced, b, gone}, 4},
		{"down a@h", []events.Event{synced, b}, 0},
	} {
		c, err := parseCondition(tt.text)
		require.NoError(t, err)
		counter := newCounter(c)
		met := 0
		for i, ev := range tt.events {
			if counter.met(ev) {
				met = i + 1
				break
			}
		}
		require.Equal(t, tt.met, met, "%s %v", tt.text, tt.events)
	}
	for _, text := range []string{"", "members", "members>=", "members>=x", "nodes>=1", "up", "up a", "down @h"} {
		_, err := parseCondition(text)
		require.Error(t, err, text)
	}
}
