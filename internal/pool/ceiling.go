package pool

import "github.com/timago/terraform-provider-timago/internal/kms"

// Ceiling is where a KMS host stops counting a product: twice the largest threshold that is
// asked for (kms-activation-planning). largest is the largest threshold among its records
// of 30 days, 0 where none was read; licences are those of the product on the members. 0
// where nothing is known.
func Ceiling(product kms.Product, largest int, licences []kms.Licence) int {
	highest := 0
	for _, l := range licences {
		if l.Channel.Counts() {
			highest = max(highest, l.Threshold())
		}
	}
	if product == kms.Windows { // a threshold as that of Windows Server may be Office's
		highest = max(highest, largest)
	}
	return 2 * highest
}
