package pool

import "github.com/timago/terraform-provider-timago/internal/kms"

// ceiling is where the host stops counting a product for those that its log shows; the
// product's own where the log does not tell, or the count shows otherwise.
func (r HostReading) ceiling(product kms.Product, count int) int {
	if largest := r.largestThreshold(); product == kms.Windows && largest > 0 && 2*largest >= count {
		return 2 * largest
	}
	return product.Cap()
}

// largestThreshold is the largest that a request of the log named; 0 where there is none.
func (r HostReading) largestThreshold() int {
	largest := 0
	for _, record := range r.Counted {
		if record.Code.Counted() {
			largest = max(largest, record.Threshold)
		}
	}
	return largest
}

// Ceiling is where a KMS host stops counting a product: twice the largest threshold that is
// asked for (kms-activation-planning). largest is the largest threshold among its records
// of 30 days, 0 where none was read; licences are those of the product on the members. 0
// where none of these counts: whose the records are is not known then.
func Ceiling(product kms.Product, largest int, licences []kms.Licence) int {
	highest := 0
	for _, l := range licences {
		if l.NeverCounts() == "" {
			highest = max(highest, l.Threshold())
		}
	}
	if product == kms.Windows && highest > 0 { // a threshold as that of Windows Server may be Office's
		highest = max(highest, largest)
	}
	return 2 * highest
}
