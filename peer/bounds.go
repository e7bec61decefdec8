package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multiaddr/net"
)

// bounded is a block store that refuses what would pass its limit.
type bounded struct {
	blockstore.Blockstore
	lock sync.Mutex
	used int64
	most int64
}

func newBounded(store blockstore.Blockstore, most int64) *bounded {
	return &bounded{Blockstore: store, most: most}
}

// Put keeps a block.
func (b *bounded) Put(ctx context.Context, block blocks.Block) error {
	return b.PutMany(ctx, []blocks.Block{block})
}

// PutMany keeps blocks, or none where they would pass the limit.
func (b *bounded) PutMany(ctx context.Context, found []blocks.Block) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	fresh := map[string]int64{}
	for _, each := range found {
		if has, err := b.Has(ctx, each.Cid()); err != nil {
			return err
		} else if !has {
			fresh[string(each.Cid().Hash())] = int64(len(each.RawData()))
		}
	}
	more := int64(0)
	for _, size := range fresh {
		more += size
	}
	if b.used+more > b.most {
		return fmt.Errorf("the store is full: %d bytes and %d more, most is %d", b.used, more, b.most)
	}
	if err := b.Blockstore.PutMany(ctx, found); err != nil {
		return err
	}
	b.used += more
	return nil
}

// DeleteBlock forgets a block.
func (b *bounded) DeleteBlock(ctx context.Context, c cid.Cid) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	size, err := b.GetSize(ctx, c)
	if err != nil {
		return err
	}
	if err := b.Blockstore.DeleteBlock(ctx, c); err != nil {
		return err
	}
	b.used -= int64(size)
	return nil
}

// loopbackOnly refuses every connection that leaves this machine or comes from another.
type loopbackOnly struct{}

var _ connmgr.ConnectionGater = loopbackOnly{}

func (loopbackOnly) InterceptPeerDial(peer.ID) bool { return true }

func (loopbackOnly) InterceptAddrDial(_ peer.ID, to multiaddr.Multiaddr) bool {
	return manet.IsIPLoopback(to)
}

func (loopbackOnly) InterceptAccept(found network.ConnMultiaddrs) bool {
	return manet.IsIPLoopback(found.RemoteMultiaddr())
}

func (loopbackOnly) InterceptSecured(network.Direction, peer.ID, network.ConnMultiaddrs) bool {
	return true
}

func (loopbackOnly) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) {
	return true, 0
}
