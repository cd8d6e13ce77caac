package main

func Example() {
	main()
	// Output:
	// connect to a@127.0.0.1
	// connect to b@127.0.0.1
}
