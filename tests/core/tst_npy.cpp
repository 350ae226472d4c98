// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays in NumPy's format, written by hand.
#include <QTest>

#include <ATen/ATen.h>

#include "core/data/tensor_file_torch.h"

using namespace espalier;

namespace {

std::string npy(const std::string& header, const std::string& elements, char version = 1) {
    std::string file = "\x93NUMPY";
    file += {version, '\0'};
    file += static_cast<char>(header.size() & 0xff);
    file += static_cast<char>(header.size() >> 8);
    if (version > 1) file += std::string(2, '\0');
    return file + header + elements;
}

std::string header(const std::string& descr, const std::string& shape,
                   const std::string& fortran = "False") {
    return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape +
           ", }   \n";
}

template <class T>
std::string bytesOf(std::initializer_list<T> values) {
    return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

}  // namespace

class TestNpy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void numbers();
    void versions();
    void fortranOrder();
    void shapes();
    void everyType_data();
    void everyType();
    void boolsAreZeroOrOne();
    void refuses_data();
    void refuses();
};

void TestNpy::numbers() {
    const auto array =
        data::parseNpy(npy(header("'<f4'", "(2, 3)"), bytesOf<float>({1, 2, 3, 4, 5, 6})));
    QVERIFY(array);
    QVERIFY(at::equal(*array, at::arange(1, 7, at::kFloat).reshape({2, 3})));
}

void TestNpy::versions() {
    for (const char version : {1, 2, 3}) {
        const auto array = data::parseNpy(
            npy(header("'<i8'", "(2,)"), bytesOf<std::int64_t>({-7, 1LL << 40}), version));
        QVERIFY(array);
        QVERIFY(at::equal(*array, at::tensor({std::int64_t{-7}, std::int64_t{1} << 40})));
    }
}

void TestNpy::fortranOrder() {
    // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]) is stored column by column.
    const auto array =
        data::parseNpy(npy(header("'<f4'", "(2, 3)", "True"), bytesOf<float>({1, 4, 2, 5, 3, 6})));
    QVERIFY(array);
    QVERIFY(at::equal(*array, at::arange(1, 7, at::kFloat).reshape({2, 3})));
    QVERIFY(array->is_contiguous());
}

void TestNpy::shapes() {
    QCOMPARE(data::parseNpy(npy(header("'<f4'", "()"), bytesOf<float>({3})))->dim(), 0);
    QCOMPARE(data::parseNpy(npy(header("'<f4'", "(0, 5)"), ""))->sizes().vec(),
             (std::vector<std::int64_t>{0, 5}));
    QCOMPARE(data::parseNpy(npy(header("'|u1'", "(1,2,1)"), "ab"))->sizes().vec(),
             (std::vector<std::int64_t>{1, 2, 1}));
}

void TestNpy::everyType_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<int>("bytes");
    const std::pair<const char*, at::ScalarType> types[] = {
        {"'<f2'", at::kHalf},         {"'<f4'", at::kFloat},         {"'<f8'", at::kDouble},
        {"'|i1'", at::kChar},         {"'<i2'", at::kShort},         {"'<i4'", at::kInt},
        {"'<i8'", at::kLong},         {"'|u1'", at::kByte},          {"'|b1'", at::kBool},
        {"'<c8'", at::kComplexFloat}, {"'<c16'", at::kComplexDouble}};
    for (const auto& [descr, type] : types)
        QTest::newRow(descr) << static_cast<int>(type) << static_cast<int>(at::elementSize(type));
}

void TestNpy::everyType() {
    QFETCH(int, type);
    QFETCH(int, bytes);
    const std::string zeros(static_cast<std::size_t>(bytes) * 3, '\0');
    const auto array = data::parseNpy(npy(header(QTest::currentDataTag(), "(3,)"), zeros));
    QVERIFY(array);
    QCOMPARE(static_cast<int>(array->scalar_type()), type);
    QVERIFY(at::equal(*array, at::zeros({3}, static_cast<at::ScalarType>(type))));
}

void TestNpy::boolsAreZeroOrOne() {
    const auto array = data::parseNpy(npy(header("'|b1'", "(3,)"), std::string("\x00\x01\x07", 3)));
    QCOMPARE(array->sum().item<std::int64_t>(), 2);
}

void TestNpy::refuses_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("why");
    const auto row = [](const char* name, const std::string& file, Error::Kind kind,
                        const char* why) {
        QTest::newRow(name) << QByteArray::fromStdString(file) << static_cast<int>(kind) << why;
    };
    using Kind = Error::Kind;
    const std::string four(4, '\0');
    row("nothing", "", Kind::Damaged, "it is no NumPy array");
    row("other bytes", "hello, this is text", Kind::Damaged, "it is no NumPy array");
    row("objects", npy(header("'|O'", "(1,)"), four), Kind::Unsupported,
        "it holds Python objects, which would run code when they are read");
    row("big-endian", npy(header("'>f4'", "(1,)"), four), Kind::Unsupported,
        "its numbers are big-endian");
    row("text", npy(header("'<U1'", "(1,)"), four), Kind::Unsupported,
        "its elements are of type '<U1'");
    row("fields", npy(header("[('a', '<f4')]", "(1,)"), four), Kind::Unsupported,
        "its elements have fields");
    row("too short", npy(header("'<f4'", "(2,)"), four), Kind::Damaged,
        "it holds 4 bytes where 8 are needed");
    row("too long", npy(header("'<f4'", "(1,)"), four + four), Kind::Damaged,
        "it holds 8 bytes where 4 are needed");
    row("overflow", npy(header("'<f4'", "(4294967296, 4294967296, 4)"), four), Kind::Damaged,
        "its shape is impossible");
    row("negative", npy(header("'<f4'", "(-1,)"), four), Kind::Damaged,
        "its header makes no sense");
    row("no shape", npy("{'descr': '<f4', 'fortran_order': False}", four), Kind::Damaged,
        "its header makes no sense");
    row("cut header", npy(header("'<f4'", "(1,)"), four).substr(0, 30), Kind::Damaged,
        "it ends in its header");
    row("version 4", npy(header("'<f4'", "(1,)"), four, 4), Kind::Unsupported,
        "it is of version 4 of NumPy's format");
    row("empty type", npy(header("''", "(1,)"), four), Kind::Unsupported,
        "its elements are of type ''");
}

void TestNpy::refuses() {
    QFETCH(QByteArray, file);
    QFETCH(int, kind);
    QFETCH(QString, why);
    const auto array = data::parseNpy(file.toStdString());
    QVERIFY(!array);
    QCOMPARE(static_cast<int>(array.error().kind), kind);
    QCOMPARE(QString::fromStdString(array.error().why), why);
    QVERIFY(!array.error().hint.empty());
}

QTEST_GUILESS_MAIN(TestNpy)
#include "tst_npy.moc"
