package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strconv"
	"strings"

	"github.com/ipfs/boxo/chunker"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/boxo/ipld/unixfs/importer/balanced"
	"github.com/ipfs/boxo/ipld/unixfs/importer/helpers"
	uio "github.com/ipfs/boxo/ipld/unixfs/io"
	"github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"
	"github.com/ipld/go-car/v2"
	"github.com/ipld/go-car/v2/storage"
	"github.com/multiformats/go-multihash"
)

const (
	blockMax    = 2 << 20 // the most that bitswap passes on
	bigBlockMax = 16 << 20
)

var codecs = map[string]uint64{
	"raw": cid.Raw, "dag-pb": cid.DagProtobuf, "dag-cbor": cid.DagCBOR,
}

func (n *node) putBlocks(ctx context.Context, c *call) error {
	codec, ok := codecs[c.option("cid-codec", "raw")]
	if !ok || c.option("mhtype", "sha2-256") != "sha2-256" {
		return errors.New("kept are raw, dag-pb and dag-cbor, by sha2-256")
	}
	most := blockMax
	if c.flag("allow-big-block", false) {
		most = bigBlockMax
	}
	defer n.store.PinLock(ctx).Unlock(ctx)
	return c.parts(func(part *multipart.Part) error {
		data, err := io.ReadAll(io.LimitReader(part, int64(most)+1))
		if err != nil {
			return err
		}
		if len(data) > most {
			return fmt.Errorf("produced block is over %d bytes: big blocks can't be exchanged with other peers", most)
		}
		name, err := cid.Prefix{Version: 1, Codec: codec, MhType: multihash.SHA2_256, MhLength: -1}.Sum(data)
		if err != nil {
			return err
		}
		block, err := blocks.NewBlockWithCid(data, name)
		if err != nil {
			return err
		}
		if err := n.online.AddBlock(ctx, block); err != nil {
			return err
		}
		return c.tell(map[string]any{"Key": name.String(), "Size": len(data)})
	})
}

func (n *node) getBlock(ctx context.Context, c *call) error {
	block, err := n.source(c).GetBlock(ctx, c.names[0])
	if err != nil {
		return err
	}
	_, err = c.Write(block.RawData())
	return err
}

// removeBlocks says of each block what became of it: errors stand inside the answer, as Kubo's do.
func (n *node) removeBlocks(ctx context.Context, c *call) error {
	defer n.store.GCLock(ctx).Unlock(ctx)
	needed, err := n.needed(ctx)
	if err != nil {
		return err
	}
	for _, each := range c.names {
		told := map[string]string{"Hash": each.String()}
		if needed[string(each.Hash())] {
			told["Error"] = "pinned"
		} else if err := n.store.DeleteBlock(ctx, each); err != nil && !(ipld.IsNotFound(err) && c.flag("force", false)) {
			told["Error"] = err.Error()
		}
		if err := c.tell(told); err != nil {
			return err
		}
	}
	return nil
}

// importArchive keeps the blocks of a CAR, and does not look whether any is missing.
func (n *node) importArchive(ctx context.Context, c *call) error {
	if c.flag("pin-roots", true) {
		return errors.New("roots are pinned by pin/add: call with pin-roots=false")
	}
	defer n.store.PinLock(ctx).Unlock(ctx)
	count, size := 0, 0
	err := c.parts(func(part *multipart.Part) error {
		reader, err := car.NewBlockReader(part)
		if err != nil {
			return err
		}
		for {
			block, err := reader.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil && len(block.RawData()) > blockMax {
				err = fmt.Errorf("block %s is over %d bytes", block.Cid(), blockMax)
			}
			if err == nil {
				err = n.online.AddBlock(ctx, block)
			}
			if err != nil {
				return err
			}
			count, size = count+1, size+len(block.RawData())
		}
	})
	if err != nil {
		return err
	}
	return c.tell(map[string]any{"Stats": map[string]int{"BlockCount": count, "BlockBytesCount": size}})
}

// exportArchive writes all under a root as a CAR, depth first, each block once.
func (n *node) exportArchive(ctx context.Context, c *call) error {
	dag := merkledag.NewReadOnlyDagService(merkledag.NewSession(ctx, n.dag(c)))
	if _, err := dag.Get(ctx, c.names[0]); err != nil {
		return err
	}
	out, err := storage.NewWritable(c, c.names[:1], car.WriteAsCarV1(true))
	if err != nil {
		return err
	}
	links := func(ctx context.Context, name cid.Cid) ([]*ipld.Link, error) {
		found, err := dag.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		return found.Links(), out.Put(ctx, name.KeyString(), found.RawData())
	}
	return merkledag.Walk(ctx, links, c.names[0], cid.NewSet().Visit)
}

// add imports each part as a file by boxo's own importer; with `wrap-with-directory`, all of them
// into one directory.
func (n *node) add(ctx context.Context, c *call) error {
	size, err := strconv.ParseInt(strings.TrimPrefix(c.option("chunker", "size-1048576"), "size-"), 10, 64)
	if err != nil || size < 1 || size > blockMax {
		return fmt.Errorf("chunker is size-N, N at most %d", blockMax)
	}
	width, err := strconv.Atoi(c.option("max-file-links", "1024"))
	if err != nil || width < 2 {
		return errors.New("max-file-links is 2 or more")
	}
	profile := uio.UnixFS_v1_2025
	if c.option("cid-version", "1") == "0" {
		profile = uio.UnixFS_v0_2015
	}
	defer n.store.PinLock(ctx).Unlock(ctx)
	dag := n.dag(c)
	folder, err := uio.NewDirectory(dag, uio.WithCidBuilder(profile.CidBuilder()), uio.WithSizeEstimationMode(profile.HAMTSizeEstimation))
	if err != nil {
		return err
	}
	params := helpers.DagBuilderParams{
		Maxlinks: width, RawLeaves: c.flag("raw-leaves", profile.RawLeaves), CidBuilder: profile.CidBuilder(), Dagserv: dag,
	}
	wraps := c.flag("wrap-with-directory", false)
	err = c.parts(func(part *multipart.Part) error {
		builder, err := params.New(chunk.NewSizeSplitter(part, size))
		if err != nil {
			return err
		}
		made, err := balanced.Layout(builder)
		if err != nil {
			return err
		}
		if wraps {
			return folder.AddChild(ctx, part.FileName(), made)
		}
		return n.keep(ctx, c, part.FileName(), made)
	})
	if err != nil || !wraps {
		return err
	}
	made, err := folder.GetNode()
	if err == nil {
		err = dag.Add(ctx, made)
	}
	if err != nil {
		return err
	}
	return n.keep(ctx, c, "", made)
}

// keep pins what was added, unless the call says otherwise, and tells its name.
func (n *node) keep(ctx context.Context, c *call, name string, made ipld.Node) error {
	if c.flag("pin", true) {
		if err := n.pin(ctx, n.dag(c), made.Cid(), true); err != nil {
			return err
		}
	}
	return c.tell(map[string]string{"Name": name, "Hash": made.Cid().String()})
}

func (n *node) cat(ctx context.Context, c *call) error {
	dag := n.dag(c)
	root, err := dag.Get(ctx, c.names[0])
	if err != nil {
		return err
	}
	file, err := uio.NewDagReader(ctx, root, dag)
	if err != nil {
		return err
	}
	_, err = io.Copy(c, file)
	return err
}
