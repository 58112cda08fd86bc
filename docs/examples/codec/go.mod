module example.com/codec

go 1.24

require go.temporal.io/sdk v1.51.0
