// Unpacked low operands need the tensor that they are a copy of, and uses that can take it as it lies.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-read-unpacked

// expected-error @below {{argument v_low of kernel @alone is not packed: expected an argument v of type '!thrift.view<[64, len], f16>' or '!thrift.view<[len, 64], f16>', got none}}
thrift.kernel @alone dims(len, tiles) (%v_low : !thrift.view<[64, len], f16>) {
  %t = thrift.program_id(tiles)
  %x = thrift.load %v_low[%t] : !thrift.view<[64, len], f16> -> !thrift.tile<64 x 32, f16>
  "use"(%x) : (!thrift.tile<64 x 32, f16>) -> ()
}

// -----

// expected-error @below {{argument v_low of kernel @other_type is not packed: expected an argument v of type '!thrift.view<[64, len], f16>' or '!thrift.view<[len, 64], f16>', got '!thrift.view<[len, 64], bf16>'}}
thrift.kernel @other_type dims(len, tiles) (%v : !thrift.view<[len, 64], bf16>, %v_low : !thrift.view<[64, len], f16>) {
  %t = thrift.program_id(tiles)
  %x = thrift.load %v_low[%t] : !thrift.view<[64, len], f16> -> !thrift.tile<64 x 32, f16>
  "use"(%x) : (!thrift.tile<64 x 32, f16>) -> ()
}

// -----

thrift.kernel @not_a_product dims(len, tiles) (%v : !thrift.view<[len, 64], f16>, %v_low : !thrift.view<[64, len], f16>) {
  %t = thrift.program_id(tiles)
  %x = thrift.load %v_low[%t] : !thrift.view<[64, len], f16> -> !thrift.tile<64 x 32, f16>
  // expected-error @below {{'use' op takes an unpacked tile that is transposed in memory; allowed: accumulate transposed}}
  "use"(%x) : (!thrift.tile<64 x 32, f16>) -> ()
}

// -----

thrift.kernel @not_a_load dims(len, tiles) (%v : !thrift.view<[len, 64], f16>, %v_low : !thrift.view<[64, len], f16>) {
  // expected-error @below {{'use' op takes v_low, which is not packed; allowed: loads and stores}}
  "use"(%v_low) : (!thrift.view<[64, len], f16>) -> ()
}
