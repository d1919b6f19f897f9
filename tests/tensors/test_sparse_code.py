"""Mistakes in code over sparse tensors, which edits of it must neither hide nor crash."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
TensorsKept = pytest.importorskip("gradtui.recording.torch.kept").TensorsKept
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)
PLACES = torch.tensor([[0, 0, 1, 2, 3], [1, 3, 0, 2, 1]])
BESIDE = torch.tensor([[0, 1, 2, 3, 3], [2, 0, 3, 1, 0]])


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Product(Function):
    """The product of a sparse matrix with another."""

    @staticmethod
    def forward(ctx, values, b):
        a = torch.sparse_coo_tensor(PLACES, values, (4, 4))
        ctx.save_for_backward(a, b)
        return torch.matmul(a, b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        by_a = g.matmul(b.t())[PLACES[0], PLACES[1]]
        return by_a, a.matmul(g)


class SparseProduct(Function):
    """The product of two sparse matrices, which no recording sees."""

    @staticmethod
    def forward(ctx, left, right):
        a = torch.sparse_coo_tensor(PLACES, left, (4, 4)).coalesce()
        b = torch.sparse_coo_tensor(BESIDE, right, (4, 5)).coalesce()
        ctx.save_for_backward(left, right)
        return torch.sparse.mm(a, b).to_dense()

    @staticmethod
    def backward(ctx, g):
        left, right = ctx.saved_tensors
        (rows, columns), (down, along) = PLACES, BESIDE
        turned = torch.sparse_coo_tensor(torch.stack([down, along]), right, (5, 4))
        by_a = torch.sparse.mm(g.to_sparse(), turned.coalesce()).to_dense()
        turned = torch.sparse_coo_tensor(torch.stack([columns, rows]), left, (4, 4))
        by_b = torch.sparse.mm(turned.coalesce(), g.to_sparse()).to_dense()
        return by_a[rows, columns], by_b[down, along]


def errors(function, *args):
    return [one for one in gradtui.check(function, *args) if one.severity == "error"]


def test_a_sparse_matrix_is_transposed_as_a_dense_one():
    finding = only(errors(Product, x(5), x(4, 3)))

    assert finding.line == line_of(Product.backward, 4)
    assert finding.fix == "return by_a, a.t().matmul(g)"


def test_indices_that_an_edit_takes_out_of_a_sparse_matrix_end_nothing():
    finding = only(errors(SparseProduct, x(5), x(5)))

    assert finding.line == line_of(SparseProduct.backward, 4)
    assert "torch.stack([along, down])" in finding.fix


class Rows(torch.autograd.Function):
    """Picks rows; its gradient is sparse, as that of an embedding is."""

    @staticmethod
    def forward(ctx, table, rows, times):
        ctx.save_for_backward(rows)
        ctx.shape, ctx.times = table.shape, times
        return table[rows]

    @staticmethod
    def backward(ctx, g):
        (rows,) = ctx.saved_tensors
        return torch.sparse_coo_tensor(rows[None], ctx.times * g, ctx.shape), None, None


class TransposedRows(Rows):
    @staticmethod
    def backward(ctx, g):
        (rows,) = ctx.saved_tensors
        return (
            torch.sparse_coo_tensor(rows[None], g, ctx.shape).to_dense().t().to_sparse(),
            None,
            None,
        )


TABLE, PICKED = torch.linspace(-1, 1, 15, dtype=torch.double).view(5, 3), torch.tensor([0, 2, 2])


def test_a_sparse_gradient_is_compared():
    assert gradtui.check(Rows, TABLE, PICKED, 1.0) == []
    finding = only(gradtui.check(Rows, TABLE, PICKED, 2.0))
    assert (finding.severity, finding.target) == ("error", "table")


def test_a_sparse_gradient_of_another_shape_is_wrong():
    finding = only(gradtui.check(TransposedRows, TABLE, PICKED, 1.0))
    assert (finding.severity, finding.target) == ("error", "table")


@pytest.mark.parametrize("layout", ["to_sparse", "to_sparse_csr"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_what_code_writes_into_a_sparse_tensor_is_undone(layout, dtype):
    own = getattr(torch.eye(3, dtype=dtype), layout)()
    kept = TensorsKept(lambda: own, double=True)

    own *= 2
    kept.rewind()
    assert own.to_dense().sum() == 3

    own *= 2
    kept.put_back()
    assert own.dtype is dtype
    assert own.to_dense().sum() == 3


class Turned(Function):
    """A product with two constant sparse matrices, one of them in the second column."""

    @staticmethod
    def forward(ctx, x, matrices):
        ctx.save_for_backward(*matrices)
        left, right = x.unbind(1)
        return torch.mv(matrices[0], left) - torch.mv(matrices[1], right)

    @staticmethod
    def backward(ctx, g):
        matrices = ctx.saved_tensors
        left = torch.mv(matrices[0].t(), g)
        right = -torch.mv(matrices[0].t(), g)
        return torch.stack([left, right], dim=1), None


def test_edits_that_write_into_constant_matrices_leave_them_as_they_are():
    matrices = [x(4, 4).to_sparse() for _ in range(2)]
    before = [one.to_dense().clone() for one in matrices]

    finding = only(gradtui.check(Turned, x(4, 2).requires_grad_(), matrices))

    assert finding.line == line_of(Turned.backward, 4)
    assert all(torch.equal(one.to_dense(), own) for one, own in zip(matrices, before, strict=True))


ENDS = torch.tensor([[0, 1], [1, 2], [0, 2]])


class Solve(Function):
    """The solution of sparse equations, whose matrix has a sparse gradient."""

    @staticmethod
    def forward(ctx, a, b):
        found = torch.linalg.solve(a.to_dense(), b)
        ctx.save_for_backward(a, found)
        return found

    @staticmethod
    def backward(ctx, g):
        a, found = ctx.saved_tensors
        by_b = torch.linalg.solve(a.to_dense().T, g)
        rows, columns = a._indices()
        values = -by_b[rows] * found[columns]
        return torch.sparse_coo_tensor(a._indices(), values, a.shape), by_b


class SolveOtherwise(Solve):
    @staticmethod
    def backward(ctx, g):
        a, found = ctx.saved_tensors
        by_b = torch.linalg.solve(a.to_dense().T, g)
        rows, columns = a._indices()
        values = -by_b[rows] * g[columns]
        by_a = torch.sparse_coo_tensor(a._indices(), values, a.shape)
        return by_a, by_b.reshape(found.shape)


@pytest.mark.parametrize(("solve", "right"), [(Solve, True), (SolveOtherwise, False)])
def test_gradients_of_values_that_share_a_place_are_compared(solve, right):
    def case(k, f):
        i, j = ENDS.T
        d = torch.arange(3)
        places = torch.stack([torch.cat([i, i, j, j, d]), torch.cat([i, j, i, j, d])])
        values = torch.cat([k, -k, -k, k, torch.ones(3, dtype=torch.float64)])
        a = torch.sparse_coo_tensor(places, values, (3, 3)).coalesce()
        first = solve.apply(a, f)
        return (f * first).sum() + (solve.apply(a, first**2) ** 2).sum()

    found = errors(case, 1 + x(3) ** 2, x(3))
    assert right == (not found)
    if not right:
        assert found[0].fix == "values = -by_b[rows] * found[columns]"
