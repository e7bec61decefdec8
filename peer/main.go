// Command ipfs-peer is a small IPFS node on boxo, the library Kubo is made of, for this machine alone.
//
// It speaks libp2p and bitswap to other nodes, serves a trustless gateway, and takes the calls of
// Kubo's RPC that Tallystick makes (rpc.go). It listens on 127.0.0.1 and connects to loopback
// addresses only. Blocks and records of names are kept in memory, up to a limit, and end with the
// process; the process ends when its standard input does, so that whoever started it leaves none behind.
//
// Once it listens it prints one line of JSON: id, rpc, gateway, addresses.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/exchange/offline"
	"github.com/ipfs/boxo/gateway"
	"github.com/ipfs/boxo/peering"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/sync"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

// version is the digest of this folder's files, set by whoever builds it.
var version = "unknown"

const (
	loopback      = "127.0.0.1"
	headerTimeout = 10 * time.Second
)

// settings are what the command line says.
type settings struct {
	rpcPort, gatewayPort, p2pPort int
	noFetch                       bool
	bytesMax                      int64
	wait                          time.Duration
}

// node is a running peer.
type node struct {
	host    host.Host
	store   blockstore.GCBlockstore
	online  blockservice.BlockService // asks other nodes for what is not here
	local   blockservice.BlockService // never asks anybody
	pins    *pins
	peering *peering.PeeringService
	names   *names
	wait    time.Duration
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(version)
		return
	}
	var s settings
	flag.IntVar(&s.rpcPort, "rpc", 0, "port of the RPC; 0 for any")
	flag.IntVar(&s.gatewayPort, "gateway", 0, "port of the gateway; 0 for any")
	flag.IntVar(&s.p2pPort, "p2p", 0, "port of libp2p; 0 for any")
	flag.BoolVar(&s.noFetch, "nofetch", false, "the gateway gives only what is here")
	flag.Int64Var(&s.bytesMax, "bytes", 1<<30, "bytes of blocks kept, at most")
	flag.DurationVar(&s.wait, "wait", 30*time.Second, "how long a block is waited for, where a call does not say")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// run serves until the context or standard input ends.
func run(ctx context.Context, s settings) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n, err := newNode(ctx, s)
	if err != nil {
		return err
	}
	defer n.host.Close()
	rpc, err := net.Listen("tcp", fmt.Sprintf("%s:%d", loopback, s.rpcPort))
	if err != nil {
		return err
	}
	gate, err := net.Listen("tcp", fmt.Sprintf("%s:%d", loopback, s.gatewayPort))
	if err != nil {
		return err
	}
	handler, err := n.gateway(s)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	serve(ctx, rpc, n.rpc(), failed)
	serve(ctx, gate, handler, failed)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	told := map[string]any{
		"id": n.host.ID().String(), "addresses": n.addresses(),
		"rpc": "http://" + rpc.Addr().String(), "gateway": "http://" + gate.Addr().String(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func serve(ctx context.Context, l net.Listener, h http.Handler, failed chan<- error) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout}
	go func() { failed <- server.Serve(l) }()
	context.AfterFunc(ctx, func() { server.Close() })
}

func newNode(ctx context.Context, s settings) (*node, error) {
	h, err := libp2p.New(
		libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/%s/tcp/%d", loopback, s.p2pPort)),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.ConnectionGater(loopbackOnly{}),
		libp2p.DisableRelay(),
		libp2p.UserAgent("tallystick-peer/"+version),
	)
	if err != nil {
		return nil, err
	}
	data := sync.MutexWrap(datastore.NewMapDatastore())
	kept := blockstore.NewIdStore(newBounded(blockstore.NewBlockstore(data), s.bytesMax))
	store := blockstore.NewGCBlockstore(kept, blockstore.NewGCLocker())
	network := bsnet.NewFromIpfsHost(h)
	exchange := bitswap.New(ctx, network, nil, store)
	names, err := newNames()
	if err != nil {
		return nil, err
	}
	network.Start(exchange)
	n := &node{
		host: h, store: store, online: blockservice.New(store, exchange), pins: newPins(), wait: s.wait,
		local:   blockservice.New(store, offline.Exchange(store)),
		peering: peering.NewPeeringService(h), names: names,
	}
	return n, n.peering.Start()
}

// gateway returns the handler of the trustless gateway, as boxo has it.
func (n *node) gateway(s settings) (http.Handler, error) {
	source := n.online
	if s.noFetch {
		source = n.local
	}
	backend, err := gateway.NewBlocksBackend(
		source, gateway.WithValueStore(n.names.records), gateway.WithNameSystem(n.names.system))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	handler := gateway.NewHandler(gateway.Config{
		NoDNSLink:         true,
		DisableHTMLErrors: true,
		PublicGateways:    openGateways,
		RetrievalTimeout:  s.wait,
	}, backend)
	given := gateway.NewHeaders(nil).ApplyCors().Wrap(open(handler))
	mux.Handle("/ipfs/", given)
	mux.Handle("/ipns/", given)
	return mux, nil
}

func (n *node) addresses() []string {
	found := []string{}
	for _, each := range n.host.Addrs() {
		found = append(found, fmt.Sprintf("%s/p2p/%s", each, n.host.ID()))
	}
	return found
}
