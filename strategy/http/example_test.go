package http_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"gonode/strategy"
	httpstrategy "gonode/strategy/http"
)

func ExampleStrategy() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, `["a@10.0.0.1", {"name": "b@10.0.0.2", "address": "10.0.0.2:9100"}]`)
	}))
	defer server.Close()

	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	done := make(chan error)
	go func() { done <- (&httpstrategy.Strategy{URL: server.URL}).Run(ctx, out) }()
	for _, n := range (<-out).Nodes {
		fmt.Printf("%s %q\n", n.Name, n.Address)
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// a@10.0.0.1 ""
	// b@10.0.0.2 "10.0.0.2:9100"
	// context canceled
}
