package pool_test

import (
	"reflect"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

func TestMembersAreToldApartByTheirClientMachineID(t *testing.T) {
	t.Parallel()
	with := func(name string, id kms.CMID, licences ...kms.Licence) pool.Member {
		m := station(name, longUp, licences...)
		m.Station.CMID = id
		return m
	}
	unread := silent("PC05")
	unread.Station.CMID = "one" // of an earlier look
	members := []pool.Member{
		with("PC01", "one", windows(kms.Licensed)), with("PC02", "two", windows(kms.Licensed)), with("PC03", "one", windows(kms.Licensed)),
		with("PC04", "one", licence(kms.Windows, "Volume:MAK", kms.Licensed)), unread, with("PC06", "", windows(kms.Licensed)),
	}
	assessment, err := pool.Assess(members, host(map[kms.Product]int{kms.Windows: 30}), pool.Wanted{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[kms.CMID][]string{"one": {"PC01", "PC03"}, "two": {"PC02"}}
	if ids := assessment.ClientIDs(members); !reflect.DeepEqual(ids, want) {
		t.Errorf("ids: %v, want %v", ids, want)
	}
}
