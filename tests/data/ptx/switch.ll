; A switch that becomes brx.idx with its table, an alias, an indirect call with its prototype, a vector result, a
; variadic call and a local array.
; llc -mcpu=sm_80 -mattr=+ptx78

target triple = "nvptx64-nvidia-cuda"

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare { i32, i1 } @llvm.nvvm.shfl.sync.down.i32p(i32, i32, i32, i32)

@also_choose = alias i32 (i32), ptr @choose

define i32 @choose(i32 %x) noinline {
  switch i32 %x, label %other [
    i32 0, label %zero
    i32 1, label %one
    i32 2, label %two
    i32 3, label %three
    i32 4, label %four
    i32 5, label %zero
  ]
zero:
  ret i32 11
one:
  ret i32 %x
two:
  %square = mul i32 %x, %x
  ret i32 %square
three:
  %thread = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  ret i32 %thread
four:
  %now = call i32 asm sideeffect "mov.u32 $0, %clock;", "=r"()
  ret i32 %now
other:
  ret i32 0
}

define <4 x float> @scale(<4 x float> %v, i8 %c, i1 %flag, i128 %wide, [3 x i16] %list) noinline {
  %sum = fadd <4 x float> %v, <float 1.0, float 2.0, float 3.0, float 4.0>
  %picked = select i1 %flag, <4 x float> %sum, <4 x float> %v
  ret <4 x float> %picked
}

define void @count(i32 %n, ...) noinline {
  call void asm sideeffect "// variadic", ""()
  ret void
}

define ptx_kernel void @switch(ptr addrspace(1) align 16 %out, ptr byval({ i32, [20 x i64] }) align 8 %settings,
                               i1 %flag, i8 %c, half %h, ptr %callee) #0 {
  %scratch = alloca [10 x i32]
  %x = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %field = getelementptr i8, ptr %settings, i64 24
  %first = load i32, ptr %field
  %y = call i32 @also_choose(i32 %x)
  %v = call <4 x float> @scale(<4 x float> <float 1.0, float 2.0, float 3.0, float 4.0>, i8 %c, i1 %flag, i128 5,
                               [3 x i16] zeroinitializer)
  store <4 x float> %v, ptr addrspace(1) %out
  %pair = call { i32, i1 } @llvm.nvvm.shfl.sync.down.i32p(i32 -1, i32 %y, i32 3, i32 31)
  %inside = extractvalue { i32, i1 } %pair, 1
  br i1 %inside, label %indirect, label %done
indirect:
  %z = call i32 %callee(i32 %first)
  call void (i32, ...) @count(i32 2, i32 %z, double 1.0)
  br label %done
done:
  %slot = getelementptr i32, ptr %scratch, i32 %x
  store volatile i32 %y, ptr %slot
  %again = load volatile i32, ptr %slot
  store i32 %again, ptr addrspace(1) %out
  ret void
}

attributes #0 = { "nvvm.reqntid"="128" "nvvm.minctasm"="2" "nvvm.maxnreg"="64" }
