// RUN: catgrad-opt %s --split-input-file -p cat-make-monoidal | filecheck %s

// Fan-out becomes a copy: its results go to the uses in textual order, twice to one op here.
cat.arrow @fan_out(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %a = tops.multiply %x, %w : tensor<2xf32>
  %b = tops.multiply %a, %a : tensor<2xf32>
  %c = tops.add %b, %x : tensor<2xf32>
  cat.return %c, %c : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @fan_out(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
// CHECK-NEXT:    %x_1, %x_2 = cat.copy %x, 2 : tensor<2xf32>
// CHECK-NEXT:    %a = tops.multiply %x_1, %w : tensor<2xf32>
// CHECK-NEXT:    %a_1, %a_2 = cat.copy %a, 2 : tensor<2xf32>
// CHECK-NEXT:    %b = tops.multiply %a_1, %a_2 : tensor<2xf32>
// CHECK-NEXT:    %c = tops.add %b, %x_2 : tensor<2xf32>
// CHECK-NEXT:    %c_1, %c_2 = cat.copy %c, 2 : tensor<2xf32>
// CHECK-NEXT:    cat.return %c_1, %c_2 : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

// -----

// What is not used is discarded: arguments, results, one of several results.
cat.arrow @drop(%x: tensor<2xf32>, %w: tensor<f32>) -> tensor<2xf32> {
  %dead = tops.exp %x : tensor<2xf32>
  %a, %b = cat.call @two(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.return %b : tensor<2xf32>
}
cat.arrow private @two(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  cat.return %x, %x : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @drop(%x: tensor<2xf32>, %w: tensor<f32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:    cat.discard %w : tensor<f32>
// CHECK-NEXT:    %x_1, %x_2 = cat.copy %x, 2 : tensor<2xf32>
// CHECK-NEXT:    %dead = tops.exp %x_1 : tensor<2xf32>
// CHECK-NEXT:    cat.discard %dead : tensor<2xf32>
// CHECK-NEXT:    %a, %b = cat.call @two(%x_2) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.discard %a : tensor<2xf32>
// CHECK-NEXT:    cat.return %b : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @two(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
// CHECK-NEXT:    %x_1, %x_2 = cat.copy %x, 2 : tensor<2xf32>
// CHECK-NEXT:    cat.return %x_1, %x_2 : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

// -----

// An arrow that is monoidal stays as it is.
cat.arrow @already(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  %y = tops.add %a, %b : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @already(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:    %a, %b = cat.copy %x, 2 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.add %a, %b : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }

// -----

// Derivatives are boxes like others; custom derivatives keep their attributes.
cat.arrow @custom(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @custom_reverse} {
  %y = tops.square %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @custom_reverse(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @square(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
cat.arrow private @square(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.multiply %x, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @custom(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @custom_reverse, monoidal} {
// CHECK-NEXT:    %y = tops.square %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @custom_reverse(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:    %y, %dx = cat.reverse @square(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.discard %y : tensor<2xf32>
// CHECK-NEXT:    cat.return %dx : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @square(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:    %x_1, %x_2 = cat.copy %x, 2 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.multiply %x_1, %x_2 : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
