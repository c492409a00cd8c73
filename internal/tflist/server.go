package tflist

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// framework is all that the framework's server does for this provider.
type framework interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

type server struct {
	framework
	turn *turn
}

// Serve serves a provider as the framework does, and lets its data sources use Set.
func Serve(p provider.Provider) tfprotov6.ProviderServer {
	all, is := providerserver.NewProtocol6(p)().(framework)
	if !is {
		panic("the framework's server lacks list resources or actions")
	}
	return server{all, newTurn()}
}

// ReadDataSource puts the lists into what the framework answers.
func (s server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (resp *tfprotov6.ReadDataSourceResponse, err error) {
	beside := &answer{lists: map[string]func(*msgpack.Encoder) error{}, turn: s.turn}
	defer func() {
		clear(beside.lists) // the framework keeps the context of every call
		if !beside.alone {
			return
		}
		var long []byte
		if resp != nil && resp.State != nil {
			long = resp.State.MsgPack
		}
		s.turn.leave(long)
	}()
	resp, err = s.framework.ReadDataSource(context.WithValue(ctx, key{}, beside), req)
	if err != nil || len(beside.lists) == 0 || resp.State == nil {
		return resp, err
	}
	resp.State.MsgPack, err = beside.into(resp.State.MsgPack)
	return resp, err
}
